"""What is said of a contract that is verified, in both languages (S21.12); its clauses: `trade_contract`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yinzheng.verifier.judge.contract.report import Concluding, ContractReport
from yinzheng.verifier.judge.report import Authentic
from yinzheng.verifier.words import phrases
from yinzheng.verifier.words.phrase import Phrase

STANDINGS: Final[Mapping[str, Phrase]] = {
    Concluding.RECORDED: Phrase(
        "合同由双方签署并已登记", "a contract that both signed, and that was recorded"
    ),
    Concluding.NOT_YET: Phrase("当时合同尚未登记", "the contract was not recorded at that time"),
}
"""Of what is genuine."""

UNPROVED: Final[Mapping[str, Phrase]] = {
    Concluding.DRAFT: Phrase("草稿：尚无任何一方签署", "A draft: nobody has signed it"),
    Concluding.HALF_SIGNED: Phrase(
        "草稿：只有一方的签名，无法判定", "A draft: one party's signature alone; cannot be determined"
    ),
    Concluding.UNRECORDED: Phrase(
        "有双方签名，但没有登记的证明，无法判定",
        "Two signatures, and no proof that it was recorded; cannot be determined",
    ),
}
"""Headlines of a contract that comes without proofs."""

TITLES: Final[Mapping[int, Phrase]] = {
    **phrases.OBLIGATIONS,
    1: Phrase("格式完整", "Form"),
    2: Phrase("双方的签名", "Both parties' signatures"),
    3: Phrase("双方密钥在登记时有效", "Both keys held when it was recorded"),
    4: Phrase("合同与登记一致", "Contract equals what was recorded"),
    5: Phrase("登记与双方密钥在公开日志中", "Recording and keys are in the log"),
    9: Phrase("所指证书与登记记录相符", "Certificate is the one on record"),
    10: Phrase("区块不在未来", "Block is not from the future"),
}
"""Titles of the obligations of a contract."""

DEMONSTRATION: Final = Phrase("演示合同，无任何效力", "Demonstration contract, without any effect")

_ADVICE: Final[Mapping[Concluding, Phrase]] = {
    Concluding.RECORDED: Phrase(
        "它说明订立时的内容；此后的交付、验收、终止和销毁，以及证书现状，请另行查询。",
        "It says what was concluded then. Delivery, acceptance, end and destruction since, and how the "
        "certificate stands now, are asked for separately.",
    ),
    Concluding.NOT_YET: Phrase(
        "所问时间早于合同的登记。", "The time asked about lies before it was recorded."
    ),
    Concluding.DRAFT: Phrase(
        "不得据此交易；请待双方签署并登记。", "Rely on nothing in it until both have signed."
    ),
    Concluding.HALF_SIGNED: Phrase("请待另一方签署并登记。", "Wait until the other party has signed."),
    Concluding.UNRECORDED: Phrase(
        "请合同一方向登记机构领取带证明的合同：yinzheng holder contract print。",
        "Have a party fetch it with its proofs from the registry: yinzheng holder contract print.",
    ),
}


def advice(report: ContractReport) -> Phrase:
    """What to do now."""
    unproved = report.authentic is Authentic.UNDETERMINED and report.told is None
    if report.authentic is Authentic.GENUINE or (unproved and report.signed is not None):
        return _ADVICE[report.standing]
    if others := phrases.others_advice(report.authentic, report.findings):
        return others
    return Phrase(
        "所给证明不足以判定：可能尚未定案，或您的信任策略不涵盖。请向登记机构重新领取。",
        "What was given is not enough: it may not be final, or your policy may not cover it. Fetch it "
        "anew from the registry.",
    )
