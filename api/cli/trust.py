"""`yinzheng trust`: what a policy pins, and the fingerprint to compare before it is believed (S8.3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.output import Json, tell
from yinzheng.verifier.bytes.china_time import CHINA
from yinzheng.verifier.words.phrase import Phrase

if TYPE_CHECKING:
    from yinzheng.verifier.judge.trust import Issuer, TrustPolicy

_UNTIL_FURTHER = Phrase("未定终期", "until further notice")
_PINS = {
    "issuer": Phrase("登记机构", "registry"),
    "key": Phrase("签发公钥", "issuer key"),
    "log": Phrase("日志", "log"),
    "chain": Phrase("链", "chain"),
    "operator": Phrase("节点运营者", "node operator"),
    "validators": Phrase("验证节点", "validators"),
    "contract": Phrase("合约", "contract"),
    "own": Phrase("您自己的要求（不在指纹内）", "your own demands (not in the fingerprint)"),
}
_SAME = Phrase("两份策略所指定的内容相同。", "Both policies pin the same.")
_WORDS_STAY = Phrase(
    "前两个词代表登记机构，始终不变；数字随密钥、验证节点或合约而变，变了就要向登记机构问明原因。",
    "The two words stand for the registry and stay; the digits change with each key, validator or contract: "
    "when they do, ask the registry what changed.",
)


def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A trust policy. 信任策略文件。")],
    against: Annotated[
        Path | None,
        typer.Option(help="A policy you had before: what is different? 与先前的策略比较。"),
    ] = None,
    lang: Annotated[str, typer.Option(help="zh or en. 语言。")] = "",
    json_: Json = False,
) -> None:
    """Show a policy's fingerprint, to compare by telephone, whom it pins and until when. 信任策略指纹。"""
    from yinzheng.api.cli.policy import inputs_of, language_in, policy_lines, read_policy

    language, policy = language_in(lang), read_policy(file)
    changes = None if against is None else _changes(read_policy(against), policy)
    value = {**inputs_of(policy), "pins": [{"what": w, "value": v} for w, v in _pins(policy)]}
    if changes is not None:
        value["changes"] = [{"sign": sign, "what": what, "value": said} for sign, what, said in changes]

    def text() -> Iterator[str]:
        yield from policy_lines(policy, language)
        yield f"  {_WORDS_STAY.said(language)}"
        for what, said in _pins(policy):
            yield f"  {_PINS[what].said(language)}  {said}"
        own = f"max_age {policy.max_age} s · quorum {policy.witnesses.quorum}"
        yield f"  {_PINS['own'].said(language)}  {own}"
        if changes is not None and not changes:
            yield _SAME.said(language)
        for sign, what, said in changes or ():
            yield f"{sign} {_PINS[what].said(language)}  {said}"

    tell(json_, value, text())


def _changes(before: TrustPolicy, now: TrustPolicy) -> list[tuple[str, str, str]]:
    """What only one of two policies pins: `-` the first, `+` the second."""
    old, new = list(_pins(before)), list(_pins(now))
    gone = [("-", *one) for one in old if one not in new]
    return gone + [("+", *one) for one in new if one not in old]


def _pins(policy: TrustPolicy) -> Iterator[tuple[str, str]]:
    """Whom and what a policy pins, and until when."""
    for issuer in policy.issuers.values():
        yield "issuer", f"{issuer.registry.name} ({issuer.registry.code}) {issuer.prefix}…"
        yield "key", _key(issuer)
    for key in sorted(key.vkey for key in policy.log_keys):
        yield "log", key
    yield "chain", f"{policy.chain_id} {policy.consensus.name} {policy.genesis.hex()}"
    for span in policy.validators:
        last = "…" if span.last is None else str(span.last)
        who = " ".join(f"0x{one.hex()}" for one in sorted(span.addresses))
        yield "validators", f"{span.first}–{last}  {who}"
    for operator in policy.operators:
        yield "operator", f"{operator.name} ({operator.code})"
    for name in ("anchor", "rights", "consents", "preservation", "holders", "moves", "standing"):
        place = getattr(policy, name)
        if place is not None:
            yield "contract", f"{name} 0x{place.address.hex()} {place.code_hash.hex()}"


def _key(issuer: Issuer) -> str:
    begins, last = _day(issuer.not_before), issuer.not_after
    ends = f"{_UNTIL_FURTHER.zh} {_UNTIL_FURTHER.en}" if last is None else _day(last)
    lost = "" if issuer.compromised_at is None else f"  compromised 已泄露 {_day(issuer.compromised_at)}"
    return f"{issuer.kid.hex()}  {begins} – {ends}{lost}"


def _day(at: int) -> str:
    when = datetime.fromtimestamp(at, CHINA)
    return f"{when:%Y-%m-%d %H:%M}"
