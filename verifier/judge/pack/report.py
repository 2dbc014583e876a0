"""What the verification of a pack found: by obligation, by item, and by the questions a court asks (R40).

It says "unchanged since", never "true": what came before the deposit stands there as claimed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.chain.evidence import Contract
from yinzheng.verifier.chain.layout_disputes import ChainDispute
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.dispute import Opening, Release
from yinzheng.verifier.formats.dossier import FileEntry
from yinzheng.verifier.formats.evidence_items import Item
from yinzheng.verifier.judge.report import Authentic, DocumentReport, Finding, Outcome
from yinzheng.verifier.judge.timestamp import TimeStampFinding
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.pack.contents import PackedStatement
from yinzheng.verifier.pack.manifest import Manifest, PackFile
from yinzheng.verifier.version import VERSION


class Answer(StrEnum):
    """To one of the court's questions."""

    CONSISTENT = "consistent"
    INCONSISTENT = "inconsistent"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an answer is not `consistent`, or what could not be determined."""

    where: str
    """`pack`, a path in the pack (`items/0003/content`), `items/0003`, `dossier/0001`, `statements/LEAF` or
    `subjects/SUBJECT`."""
    obligation: int | None
    """1–10 (S9.1, S14.4); None for what no obligation says."""
    code: str
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)
    failed: bool = False
    """Whether something is wrong, not merely unknown."""

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "where": self.where,
            "obligation": self.obligation,
            "code": self.code,
            "message": self.message,
            "data": dict(self.data),
            "failed": self.failed,
        }


@dataclass(frozen=True, slots=True)
class QuestionAnswer:
    """One of C16–C19 and its answer for the whole pack."""

    rule: str
    """`C16` unchanged since deposit, `C17` the platform, `C18` before the deposit, `C19` expert opinion."""
    answer: Answer
    reasons: tuple[Reason, ...]

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "rule": self.rule,
            "answer": str(self.answer),
            "reasons": [reason.to_json() for reason in self.reasons],
        }


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a report was made from, so that another can tell whether it has the same (S14.6)."""

    trust: TrustPolicy
    """The reader's; the pack's own in a report that was made with the pack."""
    pack: DigestPair | None = None
    """Of the whole file; None where it was not taken, and in a report that lies in the pack itself."""
    from_pack: bool = False
    """Whether the policy is byte for byte the copy in the pack, which its maker chose."""
    program: str = VERSION


@dataclass(frozen=True, slots=True)
class WitnessCheck:
    """A witness named in an item, and whether the signature holds under the key the item names."""

    name: str
    key: bytes
    holds: bool


@dataclass(frozen=True, slots=True)
class ItemReport:
    """One evidence item."""

    number: int
    leaf: bytes
    disclosed: bool
    item: Item | None
    """Title, collector, tool, environment, capture, custody as claimed; None if withheld or unreadable."""
    statement: PackedStatement | None
    anchored_at: int | None
    """Time on the ledger: of the block that took in the first root over it."""
    findings: tuple[Finding, ...]
    """Obligations 1–10; 2, 3, 8 and 10 are those of the pack."""
    witnesses: tuple[WitnessCheck, ...]
    unchanged: Answer
    """C16 for this item."""
    provenance: Answer
    """C18 for this item: whether what is claimed agrees with itself and its witnesses."""
    provenance_code: str
    """`witnessed`, `claims-only`, `witness-wrong`, `item-time`, or `withheld`."""

    @property
    def where(self) -> str:
        """`items/NNNN`."""
        return f"items/{self.number:04}"


@dataclass(frozen=True, slots=True)
class StatementReport:
    """One statement of the log that the pack shows."""

    packed: PackedStatement
    findings: tuple[Finding, ...]
    """Obligations 4–7."""

    @property
    def where(self) -> str:
        """`statements/LEAF`."""
        return f"statements/{self.packed.statement.leaf_hash.hex()}"


@dataclass(frozen=True, slots=True)
class SubjectReport:
    """Something the dispute holds, as it stands on chain at the block."""

    kind: str
    """`record`, `case` or `consent`."""
    subject: bytes
    holds: int | None
    """Holds on it, of all disputes; None if that could not be read."""
    findings: tuple[Finding, ...]
    """Obligation 9."""

    @property
    def where(self) -> str:
        """`subjects/SUBJECT`."""
        return f"subjects/{self.subject.hex()}"


@dataclass(frozen=True, slots=True)
class FileReport:
    """A file of the pack: whether it has its form and is what the manifest names."""

    file: PackFile
    findings: tuple[Finding, ...]
    """Obligations 1 and 4."""

    @property
    def where(self) -> str:
        """Its path."""
        return self.file.path


@dataclass(frozen=True, slots=True)
class DossierFileReport:
    """One file of a dossier that is disclosed alone."""

    number: int
    leaf: bytes | None
    """Of the statement that commits to the dossier."""
    entry: FileEntry | None
    """None unless it was shown to belong there."""
    findings: tuple[Finding, ...]
    """Obligation 4."""

    @property
    def where(self) -> str:
        """`dossier/NNNN`."""
        return f"dossier/{self.number:04}"


@dataclass(frozen=True, slots=True)
class TimestampReport:
    """A time-stamp token (RFC 3161) over a signed head of the log: a second clock beside the chain's."""

    file: PackFile
    finding: TimeStampFinding
    size: int | None = None
    """Of the log as stamped; None where that is not known."""
    covered: int = 0
    """How many of the pack's statements were in the log then."""

    @property
    def where(self) -> str:
        """Its path."""
        return self.file.path


@dataclass(frozen=True, slots=True)
class Operator:
    """Who operates a node of the chain, as the reader's policy names it (R40)."""

    name: str
    code: str
    is_party: bool


@dataclass(frozen=True, slots=True)
class Platform:
    """Log and chain by which the pack was judged, as the reader's policy pins them (C17)."""

    origin: str
    """Of the log (S4.2)."""
    log_keys: tuple[str, ...]
    """Names and key IDs of the log's keys, as vkeys (S4.3), sorted."""
    chain_id: int
    genesis: bytes
    consensus: str
    validators: int | None
    """Pinned validators at the pack's block; None if the block is not known."""
    contracts: tuple[tuple[str, Contract], ...]
    """`anchor`, `rights`, and where pinned `consents`, `preservation` and `moves`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackReport(DocumentReport):
    """What a verification found. Its own obligations, 1–10, are of the pack as a whole; 4–7 sum up files and
    statements.
    """

    document = "pack"
    standing: ClassVar = "consistent"

    manifest: Manifest | None
    """None if it could not be read."""
    files: tuple[FileReport, ...]
    items: tuple[ItemReport, ...]
    statements: tuple[StatementReport, ...]
    subjects: tuple[SubjectReport, ...]
    dossier_files: tuple[DossierFileReport, ...]
    timestamps: tuple[TimestampReport, ...]
    opening: Opening | None
    """What the dispute is; None if its opening is withheld or not what was committed to."""
    release: Release | None
    dispute: ChainDispute | None
    """As on chain, if obligation 9 holds."""
    operators: tuple[Operator, ...]
    platform: Platform
    questions: tuple[QuestionAnswer, ...]
    """C16, C17, C18, C19."""
    limits: tuple[Reason, ...]
    """What could not be determined, or was withheld."""
    inputs: Inputs
    written_with_pack: bool = False
    """Whether it was made while the pack was written, and so before the manifest was signed (S14.6)."""

    @property
    def registry(self) -> Party | None:
        """Who says it made the pack."""
        return self.manifest.registry if self.manifest else None

    @property
    def profile(self) -> str | None:
        """Of a demonstration, if anything in the pack is; else that of the first statement shown."""
        shown = [*(item.statement for item in self.items), *(one.packed for one in self.statements)]
        tags = [packed.statement.profile for packed in shown if packed is not None]
        return next((tag for tag in tags if tag.startswith("DEMO/")), tags[0] if tags else None)

    @property
    def withheld(self) -> int:
        """How many items are withheld."""
        return sum(not item.disclosed for item in self.items)

    @property
    def verdict(self) -> Answer:
        """`inconsistent` if the answer to any question is; else whether all shown is unchanged (C16)."""
        return verdict_of(self.questions)

    @property
    def holds(self) -> bool | None:
        """A pack speaks as of its block, and is never over."""
        return True

    @property
    def speaks_of(self) -> int | None:
        """The time of its block."""
        return self.block.time if self.block else None

    def question(self, rule: str) -> QuestionAnswer:
        """The answer to `C16`, `C17`, `C18` or `C19`."""
        return self.questions[int(rule[1:]) - 16]

    def faults(self) -> tuple[Reason, ...]:
        """Every failed obligation with the place where it failed."""
        reasons = [reason for question in self.questions for reason in question.reasons]
        return tuple(reason for reason in reasons if reason.failed)


def verdict_of(answers: Sequence[QuestionAnswer]) -> Answer:
    """`inconsistent` if the answer to any question is; else that to the first, C16."""
    if any(one.answer is Answer.INCONSISTENT for one in answers):
        return Answer.INCONSISTENT
    return answers[0].answer


def authentic_of(answers: Sequence[QuestionAnswer], findings: Sequence[Finding]) -> Authentic:
    """The word for a pack (D14): `not_ours` where it was not recognised, or signed by a key not pinned."""
    verdict = verdict_of(answers)
    if verdict is Answer.CONSISTENT:
        return Authentic.GENUINE
    if verdict is Answer.INCONSISTENT:
        return Authentic.FORGED
    return Authentic.UNDETERMINED if findings[1].outcome is Outcome.VALID else Authentic.NOT_OURS
