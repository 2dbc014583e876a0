"""What the parts of a pack are judged by: its files, the policy, the log's heads and the chain (S14.4)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.chain.evidence import Evidence, NotGiven
from yinzheng.verifier.chain.layout import Ending
from yinzheng.verifier.chain.layout_disputes import OPEN, ChainDispute, ChainEvidence
from yinzheng.verifier.errors import DataFault, YinzhengError
from yinzheng.verifier.formats.dispute import Opening, Release, parse_opening, parse_release
from yinzheng.verifier.formats.standing import parse_cancellation
from yinzheng.verifier.judge import obligations
from yinzheng.verifier.judge.findings import Established, Findings
from yinzheng.verifier.judge.pack import checks
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.statement import CERTIFICATE_CANCELLED, CERTIFICATE_DEPOSITED
from yinzheng.verifier.log.tlogproof import TlogProof
from yinzheng.verifier.pack.contents import PackedStatement
from yinzheng.verifier.pack.manifest import Manifest, PackFile
from yinzheng.verifier.pack.reading import Contents

T = TypeVar("T")


@dataclass
class Ground:
    """Everything at hand. Asks once what many statements share."""

    manifest: Manifest
    contents: Contents
    trust: TrustPolicy
    _heads: dict[tuple[int, str], Established | YinzhengError | None] = field(default_factory=dict)

    @cached_property
    def by_leaf(self) -> dict[bytes, PackedStatement]:
        """The pack's statements by leaf hash."""
        return {packed.statement.leaf_hash: packed for packed in self.contents.statements}

    @cached_property
    def deposits(self) -> dict[bytes, set[bytes]]:
        """Leaf hashes of the deposits shown, by the certificate's subject."""
        found: dict[bytes, set[bytes]] = {}
        for packed in self.contents.statements:
            if packed.statement.type == CERTIFICATE_DEPOSITED:
                found.setdefault(packed.statement.subject, set()).add(packed.statement.leaf_hash)
        return found

    @cached_property
    def cancelled(self) -> dict[bytes, list[Ending]]:
        """What the statements shown say of who had a certificate cancelled and why, by its subject.

        Raises as `parse_cancellation`.
        """
        found: dict[bytes, list[Ending]] = {}
        for packed in self.contents.statements:
            if packed.statement.type == CERTIFICATE_CANCELLED and packed.body is not None:
                ending = parse_cancellation(packed.body).ending
                found.setdefault(packed.statement.subject, []).append(ending)
        return found

    @cached_property
    def by_path(self) -> dict[str, PackFile]:
        """The manifest's files by path."""
        return self.manifest.by_path()

    @cached_property
    def thread(self) -> dict[str, PackedStatement]:
        """The statements of the dispute itself by type, the last of each."""
        found = self.contents.statements
        return {p.statement.type: p for p in found if p.statement.subject == self.manifest.dispute}

    def same(self, file: PackFile) -> bool:
        """Whether a file is what the manifest names."""
        return file.path not in self.contents.changed

    def chain(self) -> Evidence:
        """Chain evidence; raises `NotGiven` (`evidence-not-given`) if none could be read."""
        if self.contents.evidence is None:
            raise NotGiven("there is no chain evidence that can be read", code="evidence-not-given")
        return self.contents.evidence

    def judge_logged(self, found: Findings, packed: PackedStatement) -> None:
        """Obligations 5–7 of a statement."""
        # (5): the statement is in the log.
        found.settle(5, lambda: obligations.in_log(packed.statement, packed.proof))
        # (6): every pinned key of the log has signed its head.
        found.settle(6, lambda: self._head(6, packed.proof, self._signed))
        # (7): that head is anchored on the chain.
        found.settle(7, lambda: self._head(7, packed.proof, self._anchored))

    def _signed(self, proof: TlogProof) -> Established:
        return obligations.checkpoint_signed(proof, self.trust)

    def _anchored(self, proof: TlogProof) -> None:
        obligations.anchored(proof, self.chain(), self.trust)

    def _head(
        self, number: int, proof: TlogProof, check: Callable[[TlogProof], Established | None]
    ) -> Established | None:
        key = (number, proof.checkpoint)
        if key not in self._heads:
            try:
                self._heads[key] = check(proof)
            except (DataFault, NotGiven) as fault:
                self._heads[key] = _kept(fault)
        found = self._heads[key]
        if isinstance(found, YinzhengError):
            raise found
        return found


def fault_of(check: Callable[[], object]) -> YinzhengError | None:
    """Why a check does not hold, kept for whoever asks again; None if it holds."""
    try:
        check()
    except (DataFault, NotGiven) as fault:
        return _kept(fault)
    return None


def _kept(fault: YinzhengError) -> YinzhengError:
    """The fault without its traceback, which leads back to all that was read."""
    fault.__traceback__ = None
    return fault


@dataclass
class ChainView:
    """What the chain says about the dispute, as far as it could be read."""

    opening: Opening | None = None
    """As committed to; None if withheld, or not what the statement commits to."""
    release: Release | None = None
    malformed: DataFault | None = None
    """Why a body that was committed to is none of its type."""
    dispute: ChainDispute | None = None
    roots: list[ChainEvidence | YinzhengError] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether the chain has the dispute open."""
        return self.dispute is not None and self.dispute.state == OPEN


def look_at_chain(ground: Ground) -> ChainView:
    """Read what the chain has of the dispute; what cannot be read is left for `dispute_holds` to say."""
    view = ChainView()
    opened = ground.thread.get("dispute.opened")
    try:
        view.opening = _opened(opened, parse_opening)
        view.release = _opened(ground.thread.get("dispute.released"), parse_release)
    except DataFault as fault:
        view.malformed = fault
    leaf = opened.statement.leaf_hash if opened else None
    for index in range(len(ground.manifest.roots)):
        view.roots.append(_root(ground, index, leaf))
    return view


def _root(ground: Ground, index: int, opening: bytes | None) -> ChainEvidence | YinzhengError:
    try:
        return checks.root_on_chain(ground.chain(), ground.manifest, ground.trust, index, opening)
    except (DataFault, NotGiven) as fault:
        return _kept(fault)


def _opened(packed: PackedStatement | None, parse: Callable[[JSON], T]) -> T | None:
    """The body of a statement of the dispute, if it is shown and the one committed to."""
    if packed is None or fault_of(lambda: checks.body_committed(packed)) is not None:
        return None
    return parse(packed.body)


def dispute_holds(ground: Ground, view: ChainView) -> None:
    """(9) Dispute, roots, beginning and end, parties and subjects are on chain as the pack says."""
    chain, manifest, trust = ground.chain(), ground.manifest, ground.trust
    view.dispute = checks.dispute_on_chain(chain, manifest, trust)
    for root in view.roots:
        if isinstance(root, YinzhengError):
            raise root
    checks.thread_on_chain(view.dispute, ground.thread)
    if view.malformed is not None:
        raise view.malformed
    if view.opening is None:
        raise NotGiven("the opening of the dispute is withheld", code="opening-withheld")
    checks.opening_on_chain(chain, manifest, trust, view.dispute, view.opening)
    if view.release is not None:
        checks.release_on_chain(view.dispute, view.opening, view.release)


def root_over(ground: Ground, view: ChainView, number: int) -> ChainEvidence:
    """(9) The first root of evidence that covers an item, as it stands on chain."""
    # A manifest's last root covers all items, so there is one.
    found = view.roots[bisect_left(ground.manifest.roots, number, key=lambda listed: listed.size)]
    if isinstance(found, YinzhengError):
        raise found
    return found
