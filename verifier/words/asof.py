"""How a certificate stood at some instants, in words (S9.3a): titles of rows, and what a cell says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from yinzheng.verifier.chain.layout import Ending
from yinzheng.verifier.formats.body import Body
from yinzheng.verifier.judge.asof.look import AsOf
from yinzheng.verifier.judge.asof.situation import MAX_LICENCES, Given
from yinzheng.verifier.judge.asof.table import UNKNOWN, Column, Row, Value, licences_in
from yinzheng.verifier.judge.report import Status
from yinzheng.verifier.words import endings, phrases
from yinzheng.verifier.words.phrase import Phrase
from yinzheng.verifier.words.times import moment

UNDETERMINED: Final = Phrase("无法判定", "cannot be determined")
NOTHING: Final = Phrase("无", "none")
NOW: Final = Phrase("现在", "Now")
SAME: Final = Phrase("相同", "same")
CHANGED: Final = Phrase("有变化", "changed")

TITLES: Final[Mapping[str, Phrase]] = {
    "status": Phrase("状态", "Status"),
    "ending": Phrase("注销", "Cancelled"),
    "holder": Phrase("登记权利人", "Registered to"),
    "holds": Phrase("争议冻结", "Holds of disputes"),
    "objections": Phrase("未结异议", "Open objections"),
    "reservation": Phrase("交易预留", "Reservation"),
    "successors": Phrase("承接它的证书", "Followed by"),
    "remark": Phrase("备注", "Remark"),
    "licence": Phrase("许可", "Licence"),
    "account": Phrase("签署账户", "Account that signs"),
}
"""What a row asks."""

LICENCES: Final[Mapping[str, Phrase]] = {
    "not_given": Phrase("尚未许可", "not given yet"),
    "to_come": Phrase("尚未开始", "yet to begin"),
    "in_force": Phrase("有效", "in force"),
    "run_out": Phrase("期满", "run out"),
    **{f"ended_{ground}": said for ground, said in endings.LICENCES.items()},
    "certificate_cancelled": Phrase(
        "登记已注销，是否仍有效无法判定",
        "its registration is cancelled: whether it outlives that cannot be told",
    ),
}

WHY: Final[Mapping[str, Phrase]] = {
    "as-of-needs-archive": Phrase(
        "所附证明只说明其区块当时的情况，此后有变化；请向登记机构或存档节点查询（--state 或 --rpc）。",
        "What is attached tells of its own block, and something has changed since; ask a ledger or an "
        "archive node (--state or --rpc).",
    ),
    "archive-gap": Phrase(
        "所问账本没有给出该时间之前的最后一个区块。",
        "The ledger asked did not give the last block before that time.",
    ),
    "node-refused": Phrase(
        "所问节点不提供该时间的状态：可能不是存档节点。",
        "The node asked does not give the state of that time: it may be no archive.",
    ),
}
"""Why an instant could not be told, where it is not one of the reasons of an obligation."""


def title(row: Row, view: AsOf, body: Body) -> Phrase:
    """What a row asks, and of which licence, holder or remark."""
    said = TITLES[row.what]
    of = _of(row, view, body)
    return Phrase(f"{said.zh}：{of.zh}", f"{said.en}: {of.en}") if of.en else said


def cell(row: Row, value: Value) -> Phrase:
    """What a cell says."""
    if value == UNKNOWN:
        return UNDETERMINED
    return _CELLS[row.what](value)


def heading(column: Column) -> Phrase:
    """The instant of a column."""
    at = moment(column.at)
    return Phrase(f"{NOW.zh}（{at.zh}）", f"{NOW.en} ({at.en})") if column.now else at


def why(column: Column) -> Phrase | None:
    """Why not all could be told about an instant; None where all could."""
    if column.why == "ok":
        return None
    return WHY.get(column.why) or phrases.reason_of(column.why)


def short_of_licences(column: Column) -> Phrase | None:
    """That more licences were given than are shown."""
    found = column.situation
    if found is None or found.given is None or found.licences is None or found.given == len(found.licences):
        return None
    count, shown = found.given, MAX_LICENCES
    return Phrase(
        f"该证书下共有 {count} 份许可，只列出最近的 {shown} 份。",
        f"{count} licences were given under it; the latest {shown} are listed.",
    )


def _of(row: Row, view: AsOf, body: Body) -> Phrase:
    if row.what == "remark":
        return phrases.REMARKS[row.of]
    if row.what in ("holder", "account"):
        name = next(holder.name for holder in body.holders if holder.code == row.of)
        return Phrase(f"{name}（{row.of}）", f"{name} ({row.of})")
    if row.what == "licence":
        return licence_name(licences_in(view.columns)[bytes.fromhex(row.of)])
    return Phrase("", "")


def licence_name(given: Given) -> Phrase:
    """Number and licensee as the statement says, else the identifiers that the chain has."""
    body = given.body or {}
    number = body.get("number")
    licensee = body.get("licensee")
    name = licensee.get("name") if isinstance(licensee, dict) else None
    shown = number if isinstance(number, str) else given.id.hex()[:16] + "…"
    to = name if isinstance(name, str) else given.licence.licensee.hex()[:16] + "…"
    sole = Phrase("，独占", ", exclusive") if given.licence.exclusive else Phrase("", "")
    return Phrase(f"{shown}，被许可人 {to}{sole.zh}", f"{shown}, to {to}{sole.en}")


def _count(value: Any) -> Phrase:
    return Phrase(str(value), str(value)) if value else NOTHING


def _listed(of: Mapping[str, Phrase]) -> Callable[[Any], Phrase]:
    def said(value: Sequence[str]) -> Phrase:
        found = [of[one] for one in value]
        return Phrase("、".join(p.zh for p in found), ", ".join(p.en for p in found)) if found else NOTHING

    return said


def _reservation(value: Sequence[str]) -> Phrase:
    if not value:
        return NOTHING
    until, by = moment(int(value[0])), value[1]
    return Phrase(f"至 {until.zh}，由 0x{by}", f"until {until.en}, by 0x{by}")


def _remark(value: Sequence[str]) -> Phrase:
    if not value:
        return NOTHING
    entered = [one for one in value if one.isdigit()]
    came = Phrase("随证书登记", "came with the certificate")
    later = [Phrase(f"其后记入 {count} 项", f"{count} entered since") for count in entered]
    parts = [*([came] if "deposited" in value else []), *later] or [Phrase("有", "stands")]
    return Phrase("，".join(p.zh for p in parts), "; ".join(p.en for p in parts))


def _successors(value: Sequence[str]) -> Phrase:
    return Phrase("、".join(value), ", ".join(value)) if value else NOTHING


_CELLS: Final[Mapping[str, Callable[[Any], Phrase]]] = {
    "status": lambda value: phrases.STATUSES[Status(value)],
    "ending": lambda value: endings.cancelled(Ending(*value)) if value else NOTHING,
    "holder": _listed(phrases.RIGHTS),
    "holds": _count,
    "objections": _count,
    "reservation": _reservation,
    "successors": _successors,
    "remark": _remark,
    "licence": lambda value: LICENCES[value],
    "account": lambda value: Phrase(f"0x{value}", f"0x{value}") if value else Phrase("无人", "nobody"),
}
