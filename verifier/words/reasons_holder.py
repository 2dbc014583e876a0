"""Reason codes about what a holder signed (S21), in words; part of `reasons.REASONS`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

HOLDER_REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "holder-not-shown": (
        "未提供该机构的密钥证明（holder.json），且未联网查询。",
        "Nothing shows which key is this organisation's, and no ledger was asked.",
    ),
    "holder-unknown": (
        "所查询的账本没有该机构的记录。",
        "The ledger asked has nothing of this organisation.",
    ),
    "holder-other": ("所附记录属于另一机构。", "These statements are of another organisation."),
    "holder-thread": ("所附记录前后不衔接。", "The organisation's statements do not follow each other."),
    "key-history": ("所附密钥记录前后矛盾。", "The organisation's keys do not follow each other."),
    "holder-role": ("该机构未登记为权利人。", "This organisation is not enrolled as a holder."),
    "holders-not-pinned": (
        "您的信任策略没有列出权利人合约。",
        "Your policy pins no contract of holders.",
    ),
    "holder-absent": ("链上没有该权利人。", "The chain knows no such holder."),
    "account-layout": (
        "链上的账户记录含有合约不会写入的内容。",
        "The chain's account holds what the contract never writes.",
    ),
    "holder-account-over": (
        "该权利人的链上账户已报失或泄露。",
        "The holder's account was reported lost or compromised.",
    ),
    "holder-key-differs": ("链上该权利人的密钥是另一把。", "The chain names another key of this holder."),
    "holder-key-unknown": ("该机构没有这把密钥。", "This organisation never had such a key."),
    "holder-key-lost": ("该密钥已报失或泄露。", "The key was reported lost or compromised."),
    "holder-key-over": ("该密钥已更换或到期。", "The key was replaced or has expired."),
    "holder-key-early": ("该密钥尚未生效。", "The key was not in force yet."),
    "holder-signature": ("权利人的密钥没有签署此内容。", "The holder's key did not sign this."),
    "answer-certificate": ("应答针对另一份证书。", "It answers for another certificate."),
    "answer-challenge": ("应答针对另一次询问。", "It answers another challenge."),
    "answer-replayed": ("本次询问已被应答过。", "This challenge was answered before."),
    "answer-late": ("已过应答时限。", "The time to answer is over."),
    "answer-not-holder": (
        "应答者不是该证书的权利人。",
        "Who answered is no holder under this certificate.",
    ),
    "proof-reader": ("这份证明是出具给他人的。", "It is made for another reader."),
    "proof-purpose": ("这份证明用于另一用途。", "It is made for another purpose."),
    "proof-over": ("这份证明已过期限。", "Its time is over."),
    "proof-untold": ("未说明由谁、为何用途阅读。", "Who reads it, and for what, was not said."),
    "proof-early": ("这份证明的时间晚于本机时钟。", "It was made in the future of this clock."),
    "proof-certificate": (
        "证明与所附证书不是同一份。",
        "It is about another certificate than is beside it.",
    ),
    "challenge-clock": ("询问的时间晚于本机时钟。", "The challenge lies in the future of this clock."),
    "challenge-foreign": ("这不是询问或应答。", "This is neither a challenge nor an answer."),
}
