"""What holds when an obligation does: of a voucher (S9.7), a history (S23.3), a trade check (S20.3)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from yinzheng.api.web.words import ESTABLISHED
from yinzheng.ledger.rules.terms import Label

VOUCHER: Final[Mapping[int, Label]] = MappingProxyType(
    {
        **ESTABLISHED,
        1: Label("凭证内容完整，编码规范。", "The voucher is whole and properly encoded."),
        3: Label(
            "该密钥在登记许可时有效，且属于所载登记机构。",
            "That key was valid when the licence was registered, and is the registry’s.",
        ),
        4: Label("凭证所载与许可记录逐项相同。", "Every field agrees with the record of the licence."),
        5: Label("许可记录收录在公开日志中。", "The public log contains the record of the licence."),
        9: Label(
            "链上的许可与凭证相符，所依据的证书状态见上。",
            "The chain has this very licence; how it and its certificate stand is given above.",
        ),
    }
)

TRADE: Final[Mapping[int, Label]] = MappingProxyType(
    {
        **ESTABLISHED,
        1: Label(
            "回执完整，答复与所列理由、核验事项相互一致。",
            "The receipt is whole; the answer follows from the reasons and items listed.",
        ),
        2: Label(
            "答复由登记机构的密钥签名，内容未被改动。",
            "The answer bears the signature of the registry’s key, and was not altered since.",
        ),
        3: Label("该密钥在答复时有效。", "That key was valid when the answer was given."),
        4: Label("回执所载正是登记的答复。", "What the receipt says is what was recorded."),
        5: Label("答复收录在公开日志中。", "The public log contains the answer."),
        9: Label("链上的登记记录当时如答复所述。", "The chain’s record stood then as the answer says."),
    }
)

HISTORY: Final[Mapping[int, Label]] = MappingProxyType(
    {
        **ESTABLISHED,
        1: Label("历史文件内容完整，编码规范。", "The history is whole and properly encoded."),
        2: Label(
            "所问证书由登记机构的密钥签名，内容未被改动。",
            "The certificate asked about bears the registry’s signature, and was not altered since.",
        ),
        4: Label(
            "每份证书、每项记载都与其登记的承诺值相符。",
            "Each certificate and each entry is what its statement commits to.",
        ),
        5: Label("每项记载都收录在公开日志中。", "The public log contains every entry."),
        9: Label(
            "链上的登记、许可、备注与所载一致，且链上所列没有遗漏。",
            "The chain has these records, licences and remarks, and lists none that is left out.",
        ),
    }
)
