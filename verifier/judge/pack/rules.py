"""What is particular to packs among the kinds of documents that `judge` knows (S14.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, BinaryIO, Final

from yinzheng.verifier.chain.evidence import NotGiven
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.judge.exhibits import Exhibits
from yinzheng.verifier.judge.findings import Placed
from yinzheng.verifier.judge.judge import Rules
from yinzheng.verifier.judge.obligations import Signed
from yinzheng.verifier.judge.pack import checks, questions
from yinzheng.verifier.judge.pack.exhibits import ChainView, Ground, dispute_holds, look_at_chain
from yinzheng.verifier.judge.pack.parts import judge_dossier_files, judge_items, judge_statements
from yinzheng.verifier.judge.pack.report import DossierFileReport, ItemReport, StatementReport
from yinzheng.verifier.judge.seals import sealed
from yinzheng.verifier.judge.trust import Issuer, TrustPolicy
from yinzheng.verifier.pack.archive import PackLimits
from yinzheng.verifier.pack.reading import Progress, read_contents


@dataclass(kw_only=True)
class PackExhibits(Exhibits):
    """A pack, and what is found in it step by step."""

    zipped: checks.PackZip | None = None
    """The file, once its layout is known; None of a pack that is yet to be written."""
    ground: Ground | None = None
    """What is in it, once it is known that a pinned issuer signed."""
    view: ChainView = field(default_factory=ChainView)
    items: list[ItemReport] = field(default_factory=list)
    statements: list[StatementReport] = field(default_factory=list)
    dossier_files: list[DossierFileReport] = field(default_factory=list)

    def shown(self) -> Ground:
        """What is in the pack, in whatever is asked after its form."""
        assert self.ground is not None  # `take` came before
        return self.ground

    def take(self, ground: Ground) -> None:
        """Go by what is in a pack."""
        self.ground, self.evidence = ground, ground.contents.evidence
        self.why_no_evidence = NotGiven(
            "there is no chain evidence that can be read", code="evidence-not-given"
        )
        self.view = look_at_chain(ground)

    def others(self) -> list[questions.Place]:
        """Parts of the pack that are no items."""
        return [*self.shown().contents.files, *self.statements, *self.dossier_files]


def rules_for(
    file: BinaryIO, limits: PackLimits, progress: Progress, trust: TrustPolicy
) -> Rules[PackExhibits]:
    """The rules of a pack that is read from a file."""

    def form(exhibits: PackExhibits) -> None:
        exhibits.zipped = checks.layout_form(file, limits)

    def read(exhibits: PackExhibits) -> None:
        assert exhibits.zipped is not None  # its form comes first
        manifest = checks.manifest_form(exhibits.zipped)
        contents = read_contents(exhibits.zipped.archive, manifest, progress)
        exhibits.take(Ground(manifest, contents, trust))

    return Rules(form=form, read=read, **_SHARED)


def _signed(exhibits: PackExhibits) -> Signed:
    if exhibits.zipped is None:
        return checks.manifest_to_sign(exhibits.shown().manifest)
    return checks.manifest_signed(exhibits.zipped, exhibits.ground.manifest if exhibits.ground else None)


def _entitled(exhibits: PackExhibits, issuer: Issuer) -> None:
    ground = exhibits.shown()
    checks.not_before_its_block(ground.manifest, _sealed_at(ground))


def _sealed_at(ground: Ground) -> int | None:
    """Time of the block, if it is sealed and final."""
    try:
        sealed(ground.chain(), ground.trust)
    except (DataFault, NotGiven):
        return None
    return ground.chain().block.time


def _places(exhibits: PackExhibits) -> Sequence[Placed]:
    ground = exhibits.shown()
    exhibits.items = judge_items(ground, exhibits.view)
    exhibits.statements, exhibits.dossier_files = judge_statements(ground), judge_dossier_files(ground)
    return [(place.where, place.findings) for place in chain(exhibits.items, exhibits.others())]


def _rests_on(exhibits: PackExhibits, trust: TrustPolicy) -> None:
    dispute_holds(exhibits.shown(), exhibits.view)


def _age(exhibits: PackExhibits, trust: TrustPolicy, now: int, at: int | None) -> int:
    return checks.block_age(exhibits.need_evidence(), exhibits.shown().manifest, now, trust.max_age)


_UNASKED: Final[Any] = None
"""Packs settle 4 to 7 place by place, and have a court's questions in stead of one word's needs."""

_SHARED: Final[dict[str, Any]] = {
    "signed": _signed,
    "entitled": _entitled,
    "places": _places,
    "rests_on": _rests_on,
    "age": _age,
    "opens": _UNASKED,
    "statement": _UNASKED,
    "needs": _UNASKED,
}

AS_WRITTEN: Final[Rules[PackExhibits]] = Rules(form=_UNASKED, **_SHARED)
"""Of a pack that is yet to be written: what signs it, and its layout, are the writer's."""
