"""What became of a certificate, in words (S9.2a): lines for the command line and the page."""

from __future__ import annotations

from yinzheng.verifier.chain.layout_moves import ChainMarks
from yinzheng.verifier.judge.certificate.moved import Linked
from yinzheng.verifier.judge.report import Report
from yinzheng.verifier.words import endings, phrases
from yinzheng.verifier.words.phrase import Phrase

_MUTUAL = {
    True: Phrase("链上互相指明", "on the chain each names the other"),
    False: Phrase("但其链上记录并未指回本证书", "but its own record on the chain does not name this one"),
    None: Phrase("未出示其链上记录", "its own record on the chain was not shown"),
}
_GO_ON = Phrase(
    "所承接证书下给出的许可随权利继续，不计在内",
    "Licences given under what it follows go on with the right, and are not counted here",
)
_UNNAMED = Phrase("另一证书（标识 {}…）", "another certificate (identifier {}…)")


def lines(report: Report) -> tuple[Phrase, ...]:
    """What became of it, a line each; none where the chain's record is not established."""
    moved, record = report.moved, report.chain
    if moved is None or record is None:
        return ()
    found = [
        *_linked(moved.predecessor, Phrase("承接", "It follows")),
        *_linked(moved.successor, Phrase("已由此取代：", "It was followed by")),
        *_linked(moved.remainder, Phrase("部分转让后留存于", "What stayed of a transfer of a part:")),
    ]
    if record.ending is not None:
        found.append(endings.cancelled(record.ending))
    if moved.licences is not None:
        found.append(_licences(moved.licences))
        if moved.predecessor is not None:
            found.append(_GO_ON)
    for kind, marks in (moved.marks or {}).items():
        found += _remark(kind, marks, report)
    if record.objections:
        count = record.objections
        found.append(Phrase(f"未结异议 {count} 项", f"Open objections: {count}"))
    return tuple(found)


def _linked(linked: Linked | None, what: Phrase) -> list[Phrase]:
    if linked is None:
        return []
    said = Phrase(linked.number, linked.number) if linked.number else _unnamed(linked.subject)
    mutual = _MUTUAL[linked.mutual]
    return [Phrase(f"{what.zh} {said.zh}（{mutual.zh}）", f"{what.en} {said.en} ({mutual.en})")]


def _unnamed(subject: bytes) -> Phrase:
    return Phrase(*(text.format(subject.hex()[:16]) for text in _UNNAMED))


def _licences(count: int) -> Phrase:
    if count == 0:
        return Phrase("其下没有许可", "No licence was given under it")
    return Phrase(
        f"其下共给出许可 {count} 项（含已终止、已期满的）；链上计数，别无其他",
        f"Licences given under it: {count}, those that are over among them; the chain counts them, and there "
        "are no others",
    )


def _remark(kind: str, marks: ChainMarks, report: Report) -> list[Phrase]:
    """Remarks entered or lifted since the registration; what came with it and stands, its field says."""
    name = phrases.REMARKS[kind]
    found = []
    if marks.entered:
        found.append(
            Phrase(
                f"登记后记载、仍然有效的{name.zh}：{marks.entered} 项",
                f"Entered since registration, and standing: {name.en}, {marks.entered}",
            )
        )
    came = report.body is not None and any(remark.kind == kind for remark in report.body.remarks)
    if came and marks.known and not marks.deposited:
        found.append(
            Phrase(f"随证书记载的{name.zh}已解除", f"Came with the certificate, and lifted: {name.en}")
        )
    return found
