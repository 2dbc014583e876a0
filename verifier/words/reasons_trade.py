"""Reason codes about trade checks (S20.3) and contracts (S21.12), in words; part of `reasons.REASONS`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TRADE_REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "trade-answer": ("答复与所列理由不一致。", "The answer does not follow from its reasons."),
    "trade-record-differs": (
        "链上当时的登记状态与答复所述不同。",
        "The chain's record stood otherwise than the answer says.",
    ),
    "trade-statement": ("所附声明不是交易核验。", "The statement shown is of no trade check."),
    "trade-time": ("答复与声明的时间不同。", "The answer is of another time than its statement."),
    "contract-draft": ("合同尚无任何一方签署。", "Nobody has signed this contract."),
    "contract-half-signed": (
        "只有一方签署了合同。",
        "One party has signed this contract, and one has not.",
    ),
    "contract-unrecorded": (
        "没有材料说明签名出自谁的密钥，也没有登记的证明。",
        "Nothing shows whose keys signed, or that it was recorded.",
    ),
    "contract-signature": ("一方的密钥没有签署这份合同。", "A party's key did not sign this contract."),
    "contract-signatures": (
        "合同的签名不是双方各一个。",
        "The contract's signatures are not one of each party.",
    ),
    "contract-key-over": (
        "登记合同时，一方的密钥已失效或尚未生效。",
        "A party's key did not hold when the contract was recorded.",
    ),
    "contract-statement": ("所附声明不是合同的订立。", "The statement shown concludes no contract."),
    "contract-digest": ("登记的摘要属于另一份合同。", "The digest recorded is another contract's."),
    "contract-time": ("合同与声明的时间不同。", "The contract is of another time than its statement."),
    "contract-heads": (
        "各份证明所指的日志状态不同。",
        "The proofs are to different heads of the log.",
    ),
    "concluded": (
        "当时订立的合同不会改变，不计时效。",
        "What was concluded stays so, whatever the age of the evidence.",
    ),
    "clause-both": ("有条款既适用又不适用。", "A clause applies and does not apply."),
    "clause-neither": ("有条款既未适用也未不适用。", "A clause neither applies nor does not."),
    "clause-term": (
        "使用期限须有天数，或至目的实现为止。",
        "A term has days, or lasts until the purpose is met.",
    ),
}
