"""The answer of a verification: what was found, obligation by obligation, and the two verdicts (S9)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Final, NoReturn

from yinzheng.verifier.chain.layout import ChainRecord
from yinzheng.verifier.formats.body import Body
from yinzheng.verifier.formats.certificate import Core
from yinzheng.verifier.judge.certificate.moved import Moved, moved_json


class Outcome(StrEnum):
    """Of one obligation."""

    VALID = "VALID"
    INVALID = "INVALID"
    SKIPPED = "SKIPPED"
    """What it needs was not given."""
    ERROR = "ERROR"
    """What it needs could not be had."""


class Authentic(StrEnum):
    """One of four words for what was shown (D14, S9.2)."""

    GENUINE = "genuine"
    """It is what the ledger holds."""
    FORGED = "forged"
    """A proof, a signature or a comparison failed."""
    NOT_OURS = "not_ours"
    """No reader recognises it, it is damaged, or of a registry that the reader does not pin."""
    UNDETERMINED = "undetermined"
    """Something needed is missing, is not to be had, or is not covered by the policy."""


def exit_code_of(word: Authentic, holds: bool | None) -> int:
    """0 genuine and as claimed, 1 forged or not as claimed, 3 neither (S9.4).

    ``holds``: whether it is in force, or otherwise as it claims; None where that cannot be told.
    """
    if word is Authentic.FORGED:
        return 1
    if word is not Authentic.GENUINE or holds is None:
        return 3
    return 0 if holds else 1


class Status(StrEnum):
    """In what state the registered right is (S9.2)."""

    IN_FORCE = "in_force"
    HELD = "held"
    RESERVED = "reserved"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one obligation."""

    number: int
    """1–10, S9.1."""
    outcome: Outcome
    code: str
    """Why; `ok` when VALID."""
    message: str
    """The same in English, empty when VALID. Bilingual texts are in `phrases`."""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """A field in which certificate and record differ; None where one of them lacks it."""

    path: str
    certificate: str | int | None
    record: str | int | None


@dataclass(frozen=True, slots=True)
class Block:
    """The block that the chain's answer is about."""

    number: int
    hash: bytes
    time: int
    """UTC seconds."""
    age: int
    """Seconds before the time of asking; negative if the block claims to be from the future."""
    sealed_by: tuple[str, ...] = ()
    """Names of the operators whose validators sealed it, and those built on it that came along (D17)."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something a reader should know that no obligation says."""

    code: str
    data: Mapping[str, Any] = field(default_factory=dict)


RESTRAINING: Final = ("seizure", "control", "pledge")
"""Remarks under which a right is in force and cannot be used freely (R16)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentReport(ABC):
    """What every verification found, whatever the document. It has no truth value: ask for what you mean, by
    name.
    """

    document: ClassVar[str]
    """Kind of the document."""

    findings: tuple[Finding, ...]
    """Of its obligations, in order."""
    authentic: Authentic
    block: Block | None
    """What the chain's answer is about."""
    checked_at: int
    """The time of asking."""
    asked_at: int | None
    """The time asked about, if not now."""
    notes: tuple[Note, ...] = ()

    def __bool__(self) -> NoReturn:
        """Refuse: `if report:` would not say which of two verdicts is meant."""
        raise TypeError(f"a {type(self).__name__} has no truth value; ask for authentic or how it stands")

    @property
    @abstractmethod
    def profile(self) -> str | None:
        """Tag of the rules it was made under; None where that could not be read."""

    @property
    @abstractmethod
    def holds(self) -> bool | None:
        """Whether it is in force, or otherwise as it claims; None where that cannot be told."""

    @property
    def demonstration(self) -> bool:
        """Whether it is of a demonstration's profile, and so worth nothing (S2.5)."""
        return (self.profile or "").startswith("DEMO/")

    @property
    def exit_code(self) -> int:
        """S9.4."""
        return exit_code_of(self.authentic, self.holds)

    def finding(self, number: int) -> Finding:
        """The finding of obligation ``number``."""
        return next(one for one in self.findings if one.number == number)

    def _judged(self, **standing: Any) -> dict[str, Any]:
        """What every report says first, as JSON values, with how it stands."""
        return {
            "authentic": str(self.authentic),
            **standing,
            "demonstration": self.demonstration,
            "checked_at": self.checked_at,
            "asked_at": self.asked_at,
            "obligations": [finding_json(finding) for finding in self.findings],
        }

    def _beside(self) -> dict[str, Any]:
        """What every report says last."""
        return {
            "block": block_json(self.block) if self.block else None,
            "notes": [{"code": note.code, "data": dict(note.data)} for note in self.notes],
        }


@dataclass(frozen=True, slots=True)
class Report(DocumentReport):
    """What a verification of a certificate found."""

    document = "certificate"

    kind: str
    """What was presented: `pdf`, `image`, `json`, `qr` or `number`."""
    status: Status
    status_code: str
    """Why the status is undetermined; else `ok`."""
    core: Core | None
    """The certificate as shown."""
    record: Body | None
    """The certificate as deposited, if it was at hand; it prevails (R9)."""
    differences: tuple[Difference, ...]
    chain: ChainRecord | None
    """The chain's record, if obligation 9 is VALID."""
    moved: Moved | None = None
    """What became of it, as far as that was shown; None unless obligation 9 is VALID."""

    @property
    def body(self) -> Body | None:
        """The fields to show: those of the record, else those of the certificate (R9)."""
        return self.record or (self.core.body if self.core else None)

    @property
    def number(self) -> str | None:
        """The certificate's number, if known."""
        return self.body.number if self.body else None

    @property
    def in_force(self) -> bool:
        """Whether the certificate is genuine and what it says is in force."""
        return self.authentic is Authentic.GENUINE and self.status is Status.IN_FORCE

    @property
    def profile(self) -> str | None:
        """As its statement or body names it."""
        return self.body.profile if self.body else None

    @property
    def remarks(self) -> tuple[str, ...]:
        """Kinds of remarks in effect (R16): those of the body, unless the chain has been told that they were
        lifted, and those it has been told of since.
        """
        lifted = self.moved.lifted if self.moved else ()
        kinds = (
            [remark.kind for remark in self.body.remarks if remark.kind not in lifted] if self.body else []
        )
        return tuple(dict.fromkeys([*kinds, *sorted(self.chain.remarks if self.chain else ())]))

    @property
    def attention(self) -> tuple[str, ...]:
        """What restrains the rights though they are in force: kinds of remarks, and `objection`."""
        found = [kind for kind in self.remarks if kind in RESTRAINING]
        return tuple([*found, "objection"] if self.chain and self.chain.objections else found)

    @property
    def standing(self) -> str:
        """The status, or `attention` where it is in force under restraints."""
        return "attention" if self.in_force and self.attention else str(self.status)

    @property
    def holds(self) -> bool | None:
        """Whether it is in force; None where that cannot be told."""
        return None if self.status is Status.UNDETERMINED else self.status is Status.IN_FORCE

    @property
    def speaks_of(self) -> int | None:
        """The instant the status is of: the block's; an expiry, which only the clock tells, is of now."""
        if self.status is Status.EXPIRED:
            return self.checked_at
        return self.block.time if self.block and self.status is not Status.UNDETERMINED else None

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values, for interfaces."""
        return {
            "kind": self.kind,
            "number": self.number,
            **self._judged(status=str(self.status), status_code=self.status_code, in_force=self.in_force),
            "certificate": self.core.body.to_json() if self.core else None,
            "elided": sorted(self.core.elided) if self.core else [],
            "record": self.record.to_json() if self.record else None,
            "differences": differences_json(self.differences),
            "remarks": list(self.remarks),
            "chain": _chain(self.chain) if self.chain else None,
            "moved": moved_json(self.moved) if self.moved else None,
            **self._beside(),
        }


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding as JSON values."""
    return {
        "number": finding.number,
        "outcome": str(finding.outcome),
        "code": finding.code,
        "message": finding.message,
        "data": dict(finding.data),
    }


def differences_json(found: tuple[Difference, ...]) -> list[dict[str, Any]]:
    """Differences as JSON values."""
    return [{"path": one.path, "certificate": one.certificate, "record": one.record} for one in found]


def block_json(block: Block) -> dict[str, Any]:
    """A block as JSON values."""
    return {
        "number": block.number,
        "hash": block.hash.hex(),
        "time": block.time,
        "age": block.age,
        "sealed_by": list(block.sealed_by),
    }


def _chain(record: ChainRecord) -> dict[str, Any]:
    return {
        "status": record.status,
        "holds": record.holds,
        "objections": record.objections,
        "remarks": sorted(record.remarks),
        "deposited_at": record.deposited_at,
        "valid_until": record.valid_until,
        "changed_at": record.changed_at,
        "successor": record.successor.hex() if record.successor else None,
        "remainder": record.remainder.hex() if record.remainder else None,
        "predecessor": record.predecessor.hex() if record.predecessor else None,
        "cancelled_by": record.ending.initiator if record.ending else None,
        "ground": record.ending.ground if record.ending else None,
        "reserved_until": record.reserved_until,
        "reserved_by": record.reserved_by.hex(),
        "case": record.case_id.hex(),
    }
