"""`yinzheng org trade …`: what an exchange asks before a trade, and keeps for one (R45, R46)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yinzheng.api.cli.files import read_file, read_json, writing_new
from yinzheng.api.cli.org.common import DEFAULT_DESK, DEFAULT_ORG, DeskUrl, OrgFolder, china_time, clock
from yinzheng.api.cli.output import EXIT_NOT, EXIT_OK, EXIT_UNDETERMINED, Json, tell
from yinzheng.verifier.errors import found_in

if TYPE_CHECKING:
    from yinzheng.api.org.exchange import Answer, Exchange, Reservation

MAX_TRADE = 64 * 1024
MAX_CONTRACT_FILE = 64 * 1024 * 1024

Out = Annotated[Path, typer.Option("--out", help="A new file. 输出文件。")]
Leaf = Annotated[str, typer.Argument(metavar="LEAF", help="64 hex, as it was answered.")]


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The trade as JSON (S20.1). 交易。")],
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Ask whether a trade may go ahead. 交易前核验。

    Exit code 0 allow, 1 refuse, 3 needs a person.
    """
    with found_in(file):
        trade: Any = read_json(file, MAX_TRADE)
    answer = _exchange(org, desk).check(trade if isinstance(trade, dict) else {})
    tell(json_, _value(answer), _told(answer))
    raise typer.Exit({"allow": EXIT_OK, "refuse": EXIT_NOT}.get(answer.answer, EXIT_UNDETERMINED))


def batch(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Up to 10,000 trades, one a line. 多笔交易。")],
    out_file: Out,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Ask about many trades in one request. 批量核验。

    Answers are written one a line, in order.
    """
    from yinzheng.verifier.words.trade import ANSWERS

    counted = {"allow": 0, "needs_person": 0, "refuse": 0, "lost": 0}
    exchange, since = _exchange(org, desk), clock()
    with writing_new(out_file) as out:
        exchange.send_lines(file, out)
    for one in exchange.read_lines(file, out_file, since):
        counted[getattr(one, "answer", "lost")] += 1
    words = {name: said.zh for name, said in ANSWERS.items()} | {"lost": "没有答复"}  # its line says why
    said = ", ".join(f"{name} {words[name]} {count}" for name, count in counted.items())
    tell(json_, {"file": str(out_file), **counted}, f"{out_file}: {said}")


def receipt(
    check_: Leaf,
    out_file: Out,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Fetch the receipt of a check with its proofs. 核验回执。"""
    with writing_new(out_file) as out:
        out.write(_exchange(org, desk).receipt(check_))
    tell(json_, {"file": str(out_file)}, f"{out_file}: yinzheng verify {out_file} --trust trust.json")


def checks(
    after: Annotated[str | None, typer.Option(help="The check that the page before ended with.")] = None,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """List what we asked, the newest first. 核验记录。"""
    from dataclasses import asdict

    found, more = _exchange(org, desk).checks(after)
    lines = [f"{one.certificate or '—':<15}  {one.answer:<12}  {one.check}" for one in found]
    onward = [] if more is None else [f"more: --after {more} 续页"]
    tell(json_, {"checks": [asdict(one) for one in found], "next": more}, [*lines, *onward])


def reserve(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Of the certificate. 证书编号。")],
    hours: Annotated[float, typer.Option(help="For how long; at most 72. 预留小时数。")] = 24,
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Keep a certificate for a trade. 预留证书。"""
    kept = _exchange(org, desk).reserve(number, hours=hours)
    tell(json_, _reserved(kept), f"{number}: {kept.state}, {kept.reservation} 已预留")


def release(
    reservation: Leaf, org: OrgFolder = DEFAULT_ORG, desk: DeskUrl = DEFAULT_DESK, json_: Json = False
) -> None:
    """Let a certificate go before its time. 解除预留。"""
    kept = _exchange(org, desk).release(reservation)
    tell(json_, _reserved(kept), f"{kept.certificate}: {kept.state} 已解除")


def settle(
    reservation: Leaf,
    case: Annotated[str, typer.Argument(metavar="CASE", help="Of the licence or transfer. 案件编号。")],
    request: Annotated[
        Path, typer.Option("--request", help="The parties' request: its folder or file. 双方的请求。")
    ],
    contract: Annotated[
        Path,
        typer.Option("--contract", help="The contract: JSON (S21.7), or the paper it rests on. 合同文件。"),
    ],
    org: OrgFolder = DEFAULT_ORG,
    desk: DeskUrl = DEFAULT_DESK,
    json_: Json = False,
) -> None:
    """Report a trade we kept a certificate for; with both signatures that registers it. 报告成交并登记。"""
    from yinzheng.api.org.asking import read_request_file
    from yinzheng.api.org.contracts import digest_of

    asked, digest = read_request_file(request), digest_of(read_file(contract, MAX_CONTRACT_FILE))
    made = _exchange(org, desk).settle(reservation, case, asked, digest)
    numbers = ", ".join(made.numbers)
    value = {"reservation": _reserved(made.reservation), "case": made.case, "numbers": list(made.numbers)}
    tell(json_, value, f"{made.case}: settled, {numbers} 已成交登记")


def reservations(org: OrgFolder = DEFAULT_ORG, desk: DeskUrl = DEFAULT_DESK, json_: Json = False) -> None:
    """List our reservations. 预留列表。"""
    found = _exchange(org, desk).reservations()

    def text() -> Iterator[str]:
        for one in found:
            yield f"{one.certificate}  {one.state:<9}  {china_time(one.until)}  {one.reservation}"

    tell(json_, [_reserved(one) for one in found], text())


def _exchange(org: Path, desk: str) -> Exchange:
    from yinzheng.api.cli.language import spoken
    from yinzheng.api.org.exchange import Exchange
    from yinzheng.api.org.member import Member

    return Exchange(Member.open(org, os.environ), desk, clock, spoken())


def _told(answer: Answer) -> Iterator[str]:
    from yinzheng.api.cli.policy import language_in
    from yinzheng.verifier.words import trade as words
    from yinzheng.verifier.words.phrase import Phrase

    language = language_in("")
    yield f"{answer.answer} {words.ANSWERS[answer.answer].said(language)}  {answer.check}"
    for reason in answer.reasons:
        yield f"  {Phrase(reason.zh, reason.en).said(language)}"
    for one in answer.obligations:
        # Chinese is padded with blanks as wide as its characters.
        outcome = f"{words.OUTCOMES[one.outcome].zh:\u3000<6}" if language == "zh" else f"{one.outcome:<9}"
        yield f"  {outcome} {Phrase(one.zh, one.en).said(language)}"


def _value(answer: Answer) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(answer)


def _reserved(kept: Reservation) -> dict[str, Any]:
    return {name: getattr(kept, name) for name in kept.__slots__}
