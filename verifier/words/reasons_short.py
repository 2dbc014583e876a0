"""Reason codes of short codes (S6.11) in words, Chinese and English. `phrases` looks them up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SHORT_REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "short-unbound": (
        "短码所指的证书或凭证不在手边，无从核验。",
        "The document that the short code names is not at hand.",
    ),
    "short-differs": (
        "短码所指的不是登记在该编号下的证书或凭证：出示的不是所登记的那一份。",
        "Another document is registered under the short code's number: what was shown is not it.",
    ),
    "codes-contradict": (
        "两个二维码编号相同，却不是同一份文件：登记机构出具的纸面不会如此。在登记机构查明之前，请勿依据其中任何一个。",
        "Two of the codes have one number and are of different documents: no paper of the registry has both. "
        "Rely on neither before the registry has told which it is.",
    ),
    "short-number": ("短码中的编号不符合格式。", "The number in the short code is malformed."),
    "short-check": (
        "短码不完整，请重新扫描整个二维码。",
        "The short code is cut off or has too much behind it. Scan the whole code again.",
    ),
    "short-needs-ledger": (
        "短码本身不能证明任何事，须向账本查询。请扫描旁边较大的二维码，或指定一个账本。",
        "A short code proves nothing by itself. Scan the larger code beside it, or give a ledger to ask.",
    ),
}
