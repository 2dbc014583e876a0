"""What the chain should hold of certificates, licences and reservations, told by the rules alone.

A pure model: it decides with `ledger.rules` and with sets of holders, and knows neither lines nor bits.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from yinzheng.ledger.chain.records import Procedure, Status
from yinzheng.ledger.rules.licences import MAX_EXCLUSIVES, Terms
from yinzheng.ledger.rules.moves import RESERVATION, RESERVATION_PAUSE, Bar, Circumstances, bars, remainder
from yinzheng.ledger.rules.terms import RemarkKind, Right

Held = dict[bytes, frozenset[Right]]

Origin = tuple[bytes, bytes, Right]
"""Where a right was registered first: certificate, holder, right."""

Origins = dict[tuple[bytes, Right], Origin]
"""Of each holder's each right."""

BARRED = {
    Bar.HELD: "record-blocked",
    Bar.OBJECTED: "record-blocked",
    Bar.SEIZED: "record-seized",
    Bar.RESERVED: "reservation-differs",
}
"""The contracts' codes for what bars a move; `OVER` is two."""


@dataclass(frozen=True)
class GhostLicence:
    """A licence, and which right it was given out of: whose, under which first registration."""

    certificate: bytes
    licensor: bytes
    licensee: bytes
    terms: Terms
    exclusive: bool
    origins: frozenset[Origin]
    """Of its rights."""
    ended: bool = False

    def runs(self, now: int) -> bool:
        return not self.ended and now <= self.terms.ends


@dataclass
class GhostCertificate:
    """A certificate."""

    held: Held
    origin: Origins
    procedure: Procedure
    valid_until: int
    status: Status = Status.IN_FORCE
    ending: int = 0
    successor: bytes = bytes(32)
    remainder: bytes = bytes(32)
    predecessor: bytes = bytes(32)
    remarks: dict[RemarkKind, int] = field(default_factory=dict)
    """How many of a kind stand, that which came with it being one."""
    open: set[bytes] = field(default_factory=set)
    """Objections."""
    heard: set[bytes] = field(default_factory=set)
    holds: int = 0
    reserved_until: int = 0
    reserved_by: bytes = bytes(20)

    def why_not(self, at: int, exchange: bytes | None = None) -> set[str]:
        """The codes of what bars a move."""
        now = Circumstances(
            in_force=self.status is Status.IN_FORCE,
            valid_until=self.valid_until,
            holds=self.holds,
            objections=len(self.open),
            seized=bool(self.remarks.get(RemarkKind.SEIZURE)),
            reserved_until=self.reserved_until,
            reserved_by=self.reserved_by,
        )
        if not now.in_force:
            return {"record-state"}
        found = bars(now, at, exchange)
        codes = {BARRED[bar] for bar in found - {Bar.OVER}}
        return codes | ({"record-expired"} if Bar.OVER in found else set())

    def drop_reservation(self) -> None:
        self.reserved_until, self.reserved_by = 0, bytes(20)


@dataclass
class GhostRights:
    """All of them."""

    certificates: dict[bytes, GhostCertificate] = field(default_factory=dict)
    licences: dict[bytes, GhostLicence] = field(default_factory=dict)
    released: dict[tuple[bytes, bytes], int] = field(default_factory=dict)
    """By certificate and exchange, when that one last released it."""

    def register(self, id_: bytes, held: Held, procedure: Procedure, valid_until: int) -> None:
        origin = {(one, right): (id_, one, right) for one, rights in held.items() for right in rights}
        self.certificates[id_] = GhostCertificate(held, origin, procedure, valid_until)

    # ---------------------------------------------------------------- licences

    def licence_of(
        self, certificate: bytes, licensor: bytes, licensee: bytes, terms: Terms, *, exclusive: bool
    ) -> GhostLicence:
        where = self.certificates[certificate].origin
        origins = {where[licensor, right] for right in terms.rights if (licensor, right) in where}
        return GhostLicence(certificate, licensor, licensee, terms, exclusive, frozenset(origins))

    def why_no_licence(self, wanted: GhostLicence, at: int) -> set[str]:
        certificate = self.certificates[wanted.certificate]
        held = certificate.held.get(wanted.licensor, frozenset())
        running = [one for one in self.licences.values() if one.exclusive and one.runs(at)]
        same = [one for one in running if one.origins & wanted.origins]
        reasons = {
            "same-organisation": wanted.licensor == wanted.licensee,
            "rights-not-held": not wanted.terms.rights <= held,
            "licence-term": not (
                at - 86_400 <= wanted.terms.begins <= wanted.terms.ends <= certificate.valid_until
                and at <= wanted.terms.ends
            ),
            "exclusive-overlaps": any(one.terms.overlaps(wanted.terms) for one in same),
            "exclusives-exhausted": wanted.exclusive
            and any(
                sum(origin in one.origins for one in running) >= MAX_EXCLUSIVES for origin in wanted.origins
            ),
        }
        return {code for code, holds in reasons.items() if holds}

    def end(self, id_: bytes) -> None:
        self.licences[id_] = replace(self.licences[id_], ended=True)

    # ---------------------------------------------------------------- successors

    def transfer(
        self, id_: bytes, transferor: bytes, transferee: bytes, rights: frozenset[Right], new: list[bytes]
    ) -> None:
        old = self.certificates[id_]
        origin = {(transferee, right): old.origin[transferor, right] for right in rights}
        self._follow(id_, new[0], {transferee: rights}, origin)
        left = self.left(id_, transferor, rights)
        if left:
            kept = {(one, right): old.origin[one, right] for one, all_ in left.items() for right in all_}
            self._follow(id_, new[1], left, kept)
            old.remainder = new[1]
        self._over(id_, new[0])

    def left(self, id_: bytes, transferor: bytes, rights: frozenset[Right]) -> Held:
        """What stays of a transfer."""
        codes = {one.hex(): held for one, held in self.certificates[id_].held.items()}
        found = remainder(codes, transferor.hex(), rights)
        return {bytes.fromhex(one): rest for one, rest in found.items()}

    def replace(self, id_: bytes, new: bytes, valid_until: int) -> None:
        old = self.certificates[id_]
        self._follow(id_, new, dict(old.held), dict(old.origin))
        self.certificates[new].valid_until = valid_until
        self._over(id_, new)

    def _follow(
        self,
        id_: bytes,
        new: bytes,
        held: Held,
        origin: dict[tuple[bytes, Right], tuple[bytes, bytes, Right]],
    ) -> None:
        old = self.certificates[id_]
        made = GhostCertificate(held, origin, old.procedure, old.valid_until, predecessor=id_)
        made.remarks = dict.fromkeys(self.carried(id_), 1)
        self.certificates[new] = made

    def carried(self, id_: bytes) -> set[RemarkKind]:
        """Remarks that stand on what follows."""
        standing = self.certificates[id_].remarks
        return {kind for kind in (RemarkKind.CONTROL, RemarkKind.PLEDGE) if standing.get(kind)}

    def _over(self, id_: bytes, successor: bytes) -> None:
        old = self.certificates[id_]
        old.status, old.successor = Status.SUPERSEDED, successor
        old.drop_reservation()

    # ---------------------------------------------------------------- reservations

    def why_no_reservation(self, id_: bytes, exchange: bytes, until: int, at: int) -> set[str]:
        certificate = self.certificates[id_]
        lapsed = certificate.reserved_until if certificate.reserved_by == exchange else 0
        last = lapsed or self.released.get((id_, exchange), 0)
        reasons = {
            "reservation-outside": not at < until <= min(at + RESERVATION, certificate.valid_until),
            "reservation-too-soon": bool(last) and at < last + RESERVATION_PAUSE,
        }
        return {code for code, holds in reasons.items() if holds}

    # ---------------------------------------------------------------- what must never be

    def rights_in_force(self) -> Iterator[Origin]:
        """Where each right in force was registered first; one that shows twice is in force twice."""
        for certificate in self.certificates.values():
            if certificate.status is Status.IN_FORCE:
                yield from certificate.origin.values()
