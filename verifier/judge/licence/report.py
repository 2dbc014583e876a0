"""The answer of a voucher's verification: findings, how the licence stands, and its certificate (S9.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.chain.layout import ChainRecord
from yinzheng.verifier.chain.layout_moves import ChainLicence
from yinzheng.verifier.formats.licence import Licence, LicenceEnd
from yinzheng.verifier.formats.voucher import Voucher
from yinzheng.verifier.judge.licence.status import Beneath, LicenceStatus
from yinzheng.verifier.judge.report import (
    RESTRAINING,
    Authentic,
    Difference,
    DocumentReport,
    Status,
    differences_json,
)

VOUCHER: Final = "licence-voucher"
"""Kind of the document."""


@dataclass(frozen=True, slots=True)
class VoucherReport(DocumentReport):
    """What a verification of a voucher found."""

    document = VOUCHER

    kind: str
    """What was presented: `pdf`, `image`, `json` or `qr`."""
    status: LicenceStatus
    status_code: str
    """Why the status is undetermined; else `ok`."""
    core: Voucher | None
    """The licence as shown."""
    record: Licence | None
    """The licence as recorded, if it was at hand; it prevails (R9)."""
    differences: tuple[Difference, ...]
    chain: ChainLicence | None
    """The chain's licence, if obligation 9 is VALID."""
    certificate: ChainRecord | None
    """The record of the certificate under which it was given, likewise."""
    beneath: Beneath | None
    """How the right stands that it was given from, at the time spoken of; None where it cannot be told."""
    end: LicenceEnd | None
    """What ended it, if that was to be had."""

    @property
    def body(self) -> Licence | None:
        """The fields to show: those of the record, else those of the voucher (R9)."""
        return self.record or (self.core.body if self.core else None)

    @property
    def in_force(self) -> bool:
        """Whether the voucher is genuine and the licence is in force."""
        return self.authentic is Authentic.GENUINE and self.status is LicenceStatus.IN_FORCE

    @property
    def certificate_status(self) -> Status | None:
        """How that certificate stands at the time spoken of; None where it cannot be told."""
        return None if self.beneath is None else self.beneath.certificate

    @property
    def attention(self) -> tuple[str, ...]:
        """What restrains the right though the licence is in force, where it rests: kinds of remarks, `held`,
        `objection`.
        """
        ends = [] if self.beneath is None else [one.record for one, _ in self.beneath.ends]
        found: list[str] = [kind for kind in RESTRAINING if any(kind in one.remarks for one in ends)]
        found += ["held"] if any(one.holds for one in ends) else []
        return tuple([*found, "objection"] if any(one.objections for one in ends) else found)

    @property
    def standing(self) -> str:
        """The status, or `attention` where it is in force and its certificate's rights are restrained."""
        return "attention" if self.in_force and self.attention else str(self.status)

    @property
    def holds(self) -> bool | None:
        """Whether it is in force; None where that cannot be told, as under a cancelled certificate."""
        if self.status in (LicenceStatus.UNDETERMINED, LicenceStatus.CERTIFICATE_CANCELLED):
            return None
        return self.status is LicenceStatus.IN_FORCE

    @property
    def speaks_of(self) -> int | None:
        """The instant the status is of: the block's; the end of a term, which the clock tells, is of now."""
        if self.status is LicenceStatus.RUN_OUT:
            return self.checked_at
        return self.block.time if self.block and self.status is not LicenceStatus.UNDETERMINED else None

    @property
    def profile(self) -> str | None:
        """As its statement or body names it."""
        return self.body.profile if self.body else None

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values, for interfaces."""
        return {
            "document": self.document,
            "kind": self.kind,
            "number": self.body.number if self.body else None,
            **self._judged(status=str(self.status), status_code=self.status_code, in_force=self.in_force),
            "licence": self.core.body.to_json() if self.core else None,
            "elided": sorted(self.core.elided) if self.core else [],
            "record": self.record.to_json() if self.record else None,
            "differences": differences_json(self.differences),
            "chain": _chain(self.chain) if self.chain else None,
            "certificate": _certificate(self) if self.certificate else None,
            "end": self.end.to_json() if self.end else None,
            **self._beside(),
        }


def _chain(licence: ChainLicence) -> dict[str, Any]:
    return {
        "state": licence.state,
        "given_at": licence.given_at,
        "ended_at": licence.ended_at,
        "ending": licence.ending,
        "outcome": licence.outcome.hex() if licence.outcome else None,
    }


def _certificate(report: VoucherReport) -> dict[str, Any]:
    record, status = report.certificate, report.certificate_status
    assert record is not None
    return {
        "status": None if status is None else str(status),
        "attention": list(report.attention),
        "successor": record.successor.hex() if record.successor else None,
        "remainder": record.remainder.hex() if record.remainder else None,
        "rests": None
        if report.beneath is None
        else [{"subject": one.subject.hex(), "status": str(status)} for one, status in report.beneath.ends],
    }
