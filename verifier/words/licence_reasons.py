"""Reason codes of licences and their vouchers in words, Chinese and English. `phrases` looks them up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

REASONS: Final[Mapping[str, tuple[str, str]]] = {
    # (1)
    "licence-number": ("许可编号不符合格式。", "The licence's number is malformed."),
    "licence-self": ("许可人与被许可人是同一机构。", "Licensor and licensee are the same organisation."),
    "licence-term": (
        "许可期限不符合要求：应自登记前后开始，五年以内结束。",
        "The licence's term does not begin about its registration and end within five years of it.",
    ),
    "licence-registration": (
        "所适用的规则没有许可登记，却写成了登记。",
        "It claims to be a registration under rules that do not have licences as one.",
    ),
    "licence-ground": ("许可终止的依据不完整。", "What ended the licence is not told as it must be."),
    # (9)
    "moves-not-pinned": (
        "您的信任策略没有指定许可合约，无法核对链上的许可。",
        "Your policy pins no contract of licences, so the chain's licence cannot be seen.",
    ),
    "licence-absent": ("链上没有该编号的许可。", "The chain has no licence of that number."),
    "licence-content-differs": (
        "链上该编号的许可是另一份。",
        "The chain has another licence under that number.",
    ),
    "licence-terms-differ": (
        "链上许可的当事人、权利、行为、地域或期限与凭证不符。",
        "The chain's licence has other parties, rights, acts, territory or term than the voucher.",
    ),
    "licence-end-differs": (
        "链上所载的终止者与终止记载不符。",
        "The chain has the licence ended by others than the statement on its end says.",
    ),
    "licence-unnamed": (
        "链上许可没有写明这份记载；合约拒绝过的记载也留在日志中。",
        "The chain's licence does not name this statement; what contracts refused stays in the log, too.",
    ),
    "licence-certificate-differs": (
        "链上没有凭证所说的那份证书。",
        "The chain does not have the certificate that the voucher names.",
    ),
    "successor-not-shown": (
        "所依据的证书已被取代，但没有出示承接它的证书的链上记录。",
        "Its certificate was superseded, and the chain's record of what followed is not shown.",
    ),
    "successors-many": (
        "承接所依据证书的证书太多，未逐一核对。",
        "More certificates followed its own than are looked at.",
    ),
    "licence-earlier": (
        "链上许可由更早版本的合约写成，没有记下因何终止；本版本不能据此核对。",
        "The chain's licence was made by an earlier version, which kept no reason of its end; this version "
        "cannot compare it.",
    ),
    "licence-layout": (
        "链上许可含有合约不会写入的内容。",
        "The chain's licence holds what the contract never writes.",
    ),
}
"""Code → Chinese, English."""
