"""Judging the parts of a pack: items, statements, what is held, and files of dossiers (S14.4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, NoReturn

from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.formats.dossier import FileEntry
from yinzheng.verifier.formats.evidence_items import ACCESS_LOG, Item
from yinzheng.verifier.judge.findings import Findings
from yinzheng.verifier.judge.pack import checks, holds, licences, questions
from yinzheng.verifier.judge.pack.exhibits import ChainView, Ground, root_over
from yinzheng.verifier.judge.pack.report import (
    Answer,
    DossierFileReport,
    ItemReport,
    StatementReport,
    SubjectReport,
    WitnessCheck,
)
from yinzheng.verifier.judge.report import Finding
from yinzheng.verifier.pack.contents import EVIDENCE, PackedStatement
from yinzheng.verifier.pack.manifest import ListedItem, PackFile, number_of

_SHARED: Final = (2, 3, 8, 10)
"""Obligations of the pack as a whole, which its items share."""


def judge_statement(ground: Ground, packed: PackedStatement) -> StatementReport:
    """Obligations 4–7 of a statement that is no evidence; 9, too, of one about a licence."""
    found = Findings()
    # (4): the body shown is the one committed to.
    found.settle(4, lambda: checks.body_committed(packed))
    ground.judge_logged(found, packed)
    # (9): the chain's licence was given or ended by it, as it says.
    if packed.statement.type in licences.ABOUT_LICENCES:
        found.settle(9, lambda: licences.licence_on_chain(packed, ground.chain(), ground.trust))
    return StatementReport(packed, found.in_order())


def judge_statements(ground: Ground) -> list[StatementReport]:
    """All statements but those of evidence items, which are judged with their items."""
    shown = [packed for packed in ground.contents.statements if packed.statement.type != EVIDENCE]
    return [judge_statement(ground, packed) for packed in shown]


def judge_items(ground: Ground, view: ChainView) -> list[ItemReport]:
    """All items in order, withheld ones included, by the obligations that are their own."""
    return [
        _shown(ground, view, listed) if listed.disclosed else _withheld(ground, view, listed)
        for listed in ground.manifest.items
    ]


def completed(items: Iterable[ItemReport], pack: Findings) -> list[ItemReport]:
    """The items with what they share with the pack as a whole, and whether each is unchanged."""
    shared = tuple(finding for finding in pack.in_order() if finding.number in _SHARED)
    found = []
    for item in items:
        findings = _merged(item.findings, shared)
        answer = questions.unchanged(findings) if item.disclosed else Answer.UNDETERMINED
        found.append(replace(item, findings=findings, unchanged=answer))
    return found


def _withheld(ground: Ground, view: ChainView, listed: ListedItem) -> ItemReport:
    found = Findings()
    for number in (1, 4, 5, 6, 7):
        found.settle(number, _item_withheld)
    # (9): a root of evidence over it is on chain.
    anchored = found.settle(9, lambda: root_over(ground, view, listed.number))
    return ItemReport(
        number=listed.number,
        leaf=listed.leaf,
        disclosed=False,
        item=None,
        statement=None,
        anchored_at=anchored.added_at if anchored else None,
        findings=found.in_order(),
        witnesses=(),
        unchanged=Answer.UNDETERMINED,
        provenance=Answer.UNDETERMINED,
        provenance_code="withheld",
    )


def _shown(ground: Ground, view: ChainView, listed: ListedItem) -> ItemReport:
    found = Findings()
    packed = ground.by_leaf.get(listed.leaf)
    item = ground.contents.item(listed.body_path)
    # (1): body and statement have their form and belong to this dispute.
    found.settle(1, lambda: checks.item_form(item, packed, ground.manifest.dispute))
    # (4): content, body and commitment agree.
    found.settle(4, lambda: _committed(ground, listed, item, packed))
    # (5)–(7): its statement is in the log, whose signed head is anchored.
    if packed is not None:
        ground.judge_logged(found, packed)
    else:
        for number in (5, 6, 7):
            found.settle(number, _statement_missing)
    # (9): a root of evidence over it is on chain.
    anchored = found.settle(9, lambda: root_over(ground, view, listed.number))
    witnesses = _witnesses(item, ground.contents.witnesses(listed.body_path)) if item else ()
    came, why = Answer.UNDETERMINED, "unreadable"
    if item is not None and packed is not None:
        came, why = questions.provenance(item, packed, witnesses)
    return ItemReport(
        number=listed.number,
        leaf=listed.leaf,
        disclosed=True,
        item=item,
        statement=packed,
        anchored_at=anchored.added_at if anchored else None,
        findings=found.in_order(),
        witnesses=witnesses,
        unchanged=Answer.UNDETERMINED,
        provenance=came,
        provenance_code=why,
    )


def _committed(ground: Ground, listed: ListedItem, item: Item | None, packed: PackedStatement | None) -> None:
    content = ground.by_path[listed.content_path]
    if item is None or packed is None:
        raise NotGiven("body or statement cannot be read", code="item-unreadable")
    checks.item_committed(item, ground.contents.raw[listed.body_path], packed, content, ground.same(content))
    if item.kind == ACCESS_LOG:
        checks.range_whole(ground.contents.ranges[listed.body_path], ground.by_leaf)


def _item_withheld() -> NoReturn:
    raise NotGiven("the item is withheld", code="withheld")


def _statement_missing() -> NoReturn:
    raise NotGiven("the pack does not show the item's statement", code="item-statement-missing")


def _merged(own: tuple[Finding, ...], shared: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(sorted((*own, *shared), key=lambda finding: finding.number))


def _witnesses(item: Item, hold: tuple[bool, ...]) -> tuple[WitnessCheck, ...]:
    pairs = zip(item.witnesses, hold, strict=True)
    return tuple(WitnessCheck(witness.name, witness.key, holds) for witness, holds in pairs)


def judge_subjects(ground: Ground, view: ChainView) -> list[SubjectReport]:
    """All that the dispute holds; none if its opening is withheld."""
    if view.opening is None:
        return []
    held = view.opening.subjects
    kinds = (("record", held.records), ("case", held.cases), ("consent", held.consents))
    return [_subject(ground, view, kind, subject) for kind, subjects in kinds for subject in subjects]


def _subject(ground: Ground, view: ChainView, kind: str, subject: bytes) -> SubjectReport:
    found, leaves = Findings(), ground.deposits.get(subject, set())
    # (9): while the dispute is open the chain holds it.
    count = found.settle(
        9,
        lambda: holds.holds_on(
            kind,
            subject,
            ground.chain(),
            ground.trust,
            is_open=view.is_open,
            leaves=leaves,
            cancelled=ground.cancelled.get(subject, ()),
        ),
    )
    return SubjectReport(kind, subject, count, found.in_order())


def judge_dossier_files(ground: Ground) -> list[DossierFileReport]:
    """All files of dossiers that are disclosed alone."""
    return [_dossier_file(ground, content) for content in ground.manifest.of_role("dossier-file")]


def _dossier_file(ground: Ground, content: PackFile) -> DossierFileReport:
    number = number_of(content.path)
    proof = ground.contents.dossier_proof(f"dossier/{number:04}/proof.json")
    packed = ground.by_leaf.get(proof.leaf) if proof else None
    found = Findings()
    # (4): it belongs to the dossier that its statement commits to.
    entry: FileEntry | None = found.settle(
        4, lambda: checks.dossier_file(proof, packed, content, ground.same(content))
    )
    return DossierFileReport(number, proof.leaf if proof else None, entry, found.in_order())
