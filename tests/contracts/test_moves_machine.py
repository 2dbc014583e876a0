"""Random lives of many certificates, and a ghost that says what each move should come to.

As in the other machines the ghost gives reasons to refuse: a call with none must pass, one with some must be
refused for one of them. Whatever passed, the chain's records, licences and lines are those of the ghost, no
right is in force twice, no exclusive licence is overlapped by a later one, and each who was concerned signed.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any, ClassVar

import pytest
from eth_account.signers.local import LocalAccount
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.contracts.disputes import DAY, FORUM
from tests.contracts.estate import ALONE, EXCHANGES, HELD, HOUR, JOINT, MEMBER, Estate
from tests.contracts.ghosts_moves import GhostRights
from tests.contracts.ground import Moment
from tests.contracts.holders import FIRM, HOSPITAL, INSTITUTE, KEYS, OFFICER
from tests.contracts.world import STRANGER, address, person
from yinzheng.ledger.chain.approvals_moves import NOTHING, Change, Renewal
from yinzheng.ledger.chain.records import Procedure, Status
from yinzheng.ledger.chain.records_holders import AccountState
from yinzheng.ledger.chain.records_moves import CancellationGround, Initiator, LicenceState
from yinzheng.ledger.chain.sender import Call
from yinzheng.ledger.rules.certificates import REMARK_BITS, remark_bits
from yinzheng.ledger.rules.licences import EVERYWHERE, Act, Terms, act_bits, right_bits, territory_bits
from yinzheng.ledger.rules.moves import RESERVATION
from yinzheng.ledger.rules.terms import RemarkKind, Right
from yinzheng.verifier.chain.holdings import holdings_digest
from yinzheng.verifier.errors import YinzhengError

PARTIES = (HOSPITAL, FIRM, INSTITUTE)
WHO = st.sampled_from(PARTIES)
STRAY = st.sampled_from([None] * 6 + [HOSPITAL, FIRM, INSTITUTE])
"""Somebody who need not hold anything."""
PICK = st.integers(0, 5)
"""Which of the certificates, licences or remarks there are."""
RIGHTS = st.frozensets(st.sampled_from(Right), min_size=1)
LIKELY = st.sampled_from([True, True, True, True, False])
SELDOM = st.sampled_from([False, False, False, False, False, True])
EXCHANGE = st.sampled_from([None] * 8 + [*EXCHANGES])
"""Whose signature settles, other than that of the exchange that reserved it."""

SPOILT = st.sampled_from([None] * 16 + ["less", "more", "stranger", "fields"])
"""What is wrong with the signatures, if anything."""


class Lives(RuleBasedStateMachine):
    """Certificates and licences on a chain beside their ghost."""

    estate: ClassVar[Estate]
    start: ClassVar[Moment]
    keys: ClassVar[int] = 9000

    def __init__(self) -> None:
        super().__init__()
        self.estate.court.world.ground.back_to(self.start)
        self.estate.held = dict(HELD)
        self.estate.keys = dict(KEYS)
        self.ghost = GhostRights()
        for id_, procedure in ((ALONE, Procedure.SIMPLIFIED), (JOINT, Procedure.ORDINARY)):
            held = {one: _rights(bits) for one, bits in HELD[id_]}
            self.ghost.register(id_, held, procedure, self.estate.record(id_).valid_until)
        self.entered: list[tuple[bytes, RemarkKind, bytes, bool]] = []
        """Remarks that stand: certificate, kind, statement, whether a forum's."""
        self.disputes: dict[bytes, bytes] = {}
        self.lost: set[bytes] = set()
        self.changed = True

    # ------------------------------------------------------------ what should happen

    def attempt(self, call: Call, reasons: set[str]) -> bool:
        """Send `call`; it must be refused for one of `reasons`, or succeed if there is none."""
        code = None
        try:
            self.estate.send(call)
        except YinzhengError as error:
            code = error.code
        assert code in reasons if reasons else code is None, (code, reasons)
        self.changed = self.changed or code is None
        return code is None

    @property
    def next(self) -> int:
        return self.estate.now + 1

    def one(self, pick: int) -> bytes:
        """Some certificate, rather one that is in force."""
        standing = [i for i, c in self.ghost.certificates.items() if c.status is Status.IN_FORCE]
        known = standing if standing and pick else list(self.ghost.certificates)
        return known[pick % len(known)]

    def holder(self, id_: bytes, pick: int, stray: bytes | None) -> tuple[bytes, frozenset[Right]]:
        """One of a certificate's holders with its rights, or, if named, anybody with any."""
        held = self.ghost.certificates[id_].held
        if stray is not None:
            return stray, held.get(stray, frozenset())
        return sorted(held.items())[pick % len(held)]

    def reserver(self, id_: bytes) -> LocalAccount | None:
        """The exchange that reserved a certificate, if one did."""
        ghost = self.ghost.certificates[id_]
        running = ghost.reserved_until > self.next
        return next((one for one in EXCHANGES if running and address(one) == ghost.reserved_by), None)

    def signers(
        self, id_: bytes, concerned: Sequence[bytes], exchange: LocalAccount | None, spoilt: str | None
    ) -> tuple[tuple[LocalAccount, ...], set[str]]:
        """Who signs a move, perhaps wrongly, and the reasons that gives."""
        people = [*self.estate.office(id_), *(self.estate.keys[one] for one in concerned)]
        people += [exchange] if exchange else []
        reasons = {"signer-not-holder"} if self.lost & set(concerned) else set()
        if spoilt == "less":
            return tuple(people[:-1]), {"approval-count"}
        if spoilt == "more":
            return (*people, STRANGER), {"approval-count"}
        if spoilt == "stranger":
            people[-1] = STRANGER
            reasons |= {"signer-not-holder", "approver-not-entitled"}
        return tuple(people), reasons

    @rule(
        first=RIGHTS,
        second=RIGHTS,
        who=st.lists(WHO, min_size=1, max_size=2, unique=True),
        ordinary=st.booleans(),
    )
    def register(
        self, first: frozenset[Right], second: frozenset[Right], who: list[bytes], ordinary: bool
    ) -> None:
        """Register what is new where little is left in force."""
        standing = [one for one in self.ghost.certificates.values() if one.status is Status.IN_FORCE]
        if len(standing) > 2:
            return
        id_, procedure = self.estate.fresh(), Procedure.ORDINARY if ordinary else Procedure.SIMPLIFIED
        held = dict(zip(who, (first, second), strict=False))
        self.estate.held[id_] = tuple(sorted((one, right_bits(rights)) for one, rights in held.items()))
        self.estate.deposit(id_, procedure)
        self.ghost.register(id_, held, procedure, self.estate.record(id_).valid_until)
        self.changed = True

    # ------------------------------------------------------------ licences

    @rule(
        pick=PICK,
        stray=STRAY,
        licensee=WHO,
        rights=RIGHTS,
        acts=st.sampled_from([frozenset({Act.USE}), frozenset({Act.STORE}), frozenset(Act)]),
        place=st.sampled_from([frozenset({"44"}), frozenset({"11"}), EVERYWHERE]),
        begins=st.sampled_from([0] * 4 + [3 * DAY, -2 * DAY]),
        days=st.sampled_from([1, 5, 5, 5, 5, 400]),
        exclusive=st.booleans(),
        stranger=EXCHANGE,
        spoilt=SPOILT,
    )
    def license(
        self,
        pick: int,
        stray: bytes | None,
        licensee: bytes,
        rights: frozenset[Right],
        acts: frozenset[Act],
        place: frozenset[str],
        begins: int,
        days: int,
        exclusive: bool,
        stranger: LocalAccount | None,
        spoilt: str | None,
    ) -> None:
        certificate, start = self.one(pick), self.next + begins
        exchange = stranger or self.reserver(certificate)
        licensor, held = self.holder(certificate, pick, stray)
        rights = rights if stray else rights & held or held
        if stray is None and licensee == licensor:
            licensee = PARTIES[PARTIES.index(licensor) - 1]
        terms = Terms(rights, acts, place, start, start + days * DAY)
        wanted = self.ghost.licence_of(certificate, licensor, licensee, terms, exclusive=exclusive)
        people, reasons = self.signers(certificate, (licensor, licensee), exchange, spoilt)
        if spoilt == "fields":
            reasons.add("approver-not-entitled")
        reasons |= self.ghost.why_no_licence(wanted, self.next)
        by = address(exchange) if exchange else None
        reasons |= self.ghost.certificates[certificate].why_not(self.next, by)
        id_ = self.estate.fresh()
        call = self.estate.license(
            *people,
            id=id_,
            certificate=certificate,
            licensor=licensor,
            licensee=licensee,
            rights=right_bits(rights),
            acts=act_bits(acts),
            territory=territory_bits(place),
            valid_from=terms.begins,
            valid_until=terms.ends,
            exclusive=exclusive,
            exchange=exchange,
            signed={"acts": 63 - act_bits(acts)} if spoilt == "fields" else None,
        )
        if self.attempt(call, reasons):
            self.ghost.licences[id_] = wanted
            if exchange:
                self.ghost.certificates[certificate].drop_reservation()

    @precondition(lambda self: self.ghost.licences)
    @rule(pick=PICK, forum=st.booleans(), spoilt=SPOILT)
    def end_licence(self, pick: int, forum: bool, spoilt: str | None) -> None:
        id_ = list(self.ghost.licences)[pick % len(self.ghost.licences)]
        licence = self.ghost.licences[id_]
        concerned = (licence.licensor, licence.licensee)
        people, reasons = self.signers(licence.certificate, concerned, None, spoilt)
        if forum:
            people, reasons = (FORUM,), set()
        if licence.ended:
            reasons.add("licence-state")
        elif not licence.runs(self.next):
            reasons.add("licence-over")
        if self.attempt(self.estate.end_licence(id_, *people), reasons):
            self.ghost.end(id_)

    # ------------------------------------------------------------ successors

    @rule(
        pick=PICK,
        stray=STRAY,
        transferee=WHO,
        rights=RIGHTS,
        whole=st.booleans(),
        stranger=EXCHANGE,
        carry=LIKELY,
        spoilt=SPOILT,
    )
    def transfer(
        self,
        pick: int,
        stray: bytes | None,
        transferee: bytes,
        rights: frozenset[Right],
        whole: bool,
        stranger: LocalAccount | None,
        carry: bool,
        spoilt: str | None,
    ) -> None:
        id_ = self.one(pick)
        exchange = stranger or self.reserver(id_)
        certificate = self.ghost.certificates[id_]
        transferor, held = self.holder(id_, pick, stray)
        rights = held if whole and held else rights if stray else rights & held or held
        if stray is None and transferee == transferor:
            transferee = PARTIES[PARTIES.index(transferor) - 1]
        people, reasons = self.signers(id_, (transferor, transferee), exchange, spoilt)
        if spoilt == "fields":
            reasons.add("approver-not-entitled")
        conditions = {
            "same-organisation": transferor == transferee,
            "rights-not-held": not rights <= certificate.held.get(transferor, frozenset()),
            "remarks-dropped": not carry and bool(self.ghost.carried(id_)),
        }
        reasons |= {code for code, holds in conditions.items() if holds}
        reasons |= certificate.why_not(self.next, address(exchange) if exchange else None)
        stays = self.ghost.left(id_, transferor, rights)
        new = [self.estate.fresh(), self.estate.fresh()]
        call = self.estate.transfer(
            *people,
            predecessor=id_,
            transferor=transferor,
            transferee=transferee,
            rights=right_bits(rights),
            successor=new[0],
            remainder=new[1] if stays else NOTHING,
            remarks=remark_bits(self.ghost.carried(id_)) if carry else 0,
            exchange=exchange,
            signed={"successor": new[1]} if spoilt == "fields" else None,
        )
        if self.attempt(call, reasons):
            self.ghost.transfer(id_, transferor, transferee, rights, new)
            for one in new[: 2 if stays else 1]:
                self._remember(one)

    @rule(pick=PICK, renewal=st.booleans(), published=LIKELY, spoilt=SPOILT)
    def succeed(self, pick: int, renewal: bool, published: bool, spoilt: str | None) -> None:
        id_ = self.one(pick)
        certificate = self.ghost.certificates[id_]
        listed, procedure = self.estate.held[id_], certificate.procedure
        case_id = self.estate.published(procedure) if published else self.estate.fresh()
        people, reasons = self.signers(id_, [one for one, _ in listed], None, spoilt)
        if spoilt == "fields":
            reasons.add("approver-not-entitled")
        reasons |= certificate.why_not(self.next)
        if not published:
            reasons.add("case-state")
        end = certificate.valid_until
        day = (end + 8 * HOUR) // DAY * DAY - 8 * HOUR
        if renewal and not end - 184 * DAY <= self.next < day:
            reasons.add("renewal-outside")
        until, new = (end + 100 * DAY if renewal else end), self.estate.fresh()
        call = self.estate.succession(
            Renewal if renewal else Change,
            *people,
            predecessor=id_,
            case_id=case_id,
            successor=new,
            valid_until=until,
            remarks=remark_bits(self.ghost.carried(id_)),
            signed={"content": NOTHING} if spoilt == "fields" else None,
        )
        if self.attempt(call, reasons):
            self.ghost.replace(id_, new, until)
            self._remember(new)

    def _remember(self, id_: bytes) -> None:
        held = self.ghost.certificates[id_].held
        self.estate.held[id_] = tuple(sorted((one, right_bits(rights)) for one, rights in held.items()))

    @rule(pick=PICK, initiator=st.sampled_from(Initiator), meant=SELDOM)
    def cancel(self, pick: int, initiator: Initiator, meant: bool) -> None:
        if not meant or initiator is Initiator.NONE:
            return
        id_ = self.one(pick)
        certificate = self.ghost.certificates[id_]
        everyone = [one for one, _ in self.estate.held[id_]]
        waived = initiator is not Initiator.REGISTRY
        case_id = NOTHING if initiator is Initiator.FORUM else self.estate.published(waived=waived)
        ground = CancellationGround.DOCUMENT if initiator is Initiator.FORUM else CancellationGround.ASKED
        people: tuple[LocalAccount, ...]
        if initiator is Initiator.FORUM:
            people, reasons = (FORUM,), set[str]()
            if certificate.status is not Status.IN_FORCE:
                reasons = {"record-state"}
            elif certificate.holds:
                reasons = {"record-held"}
        else:
            reasons = certificate.why_not(self.next)
            people = (OFFICER, MEMBER)
            if initiator is Initiator.HOLDERS:
                people, wrong = self.signers(id_, everyone, None, None)
                reasons |= wrong
        if self.attempt(self.estate.cancel(initiator, *people, id=id_, case_id=case_id), reasons):
            certificate.status, certificate.ending = Status.CANCELLED, 16 * initiator + ground
            certificate.drop_reservation()

    # ------------------------------------------------------------ standing

    @rule(pick=PICK, kind=st.sampled_from(RemarkKind), forum=SELDOM, document=LIKELY, meant=SELDOM)
    def remark(self, pick: int, kind: RemarkKind, forum: bool, document: bool, meant: bool) -> None:
        if kind is RemarkKind.SEIZURE and not meant:
            return
        id_, statement = self.one(pick), self.estate.fresh()
        certificate = self.ghost.certificates[id_]
        reasons = self._remark_reasons(kind, forum, document)
        if certificate.status is not Status.IN_FORCE:
            reasons.add("record-state")
        call = self.estate.remark(
            REMARK_BITS[kind],
            FORUM if forum else OFFICER,
            id=id_,
            statement=statement,
            document=statement if document else NOTHING,
        )
        if self.attempt(call, reasons):
            certificate.remarks[kind] = certificate.remarks.get(kind, 0) + 1
            self.entered.append((id_, kind, statement, forum))

    def _remark_reasons(self, kind: RemarkKind, forum: bool, document: bool) -> set[str]:
        seizure, reasons = kind is RemarkKind.SEIZURE, set()
        if kind in (RemarkKind.SEIZURE, RemarkKind.PLEDGE) and not document and not (seizure and forum):
            reasons.add("remark-document")
        if forum and not seizure:
            reasons.add("approver-not-entitled")
        return reasons

    @precondition(lambda self: self.entered)
    @rule(pick=PICK, forum=st.booleans())
    def lift(self, pick: int, forum: bool) -> None:
        id_, kind, statement, by_forum = self.entered[pick % len(self.entered)]
        certificate = self.ghost.certificates[id_]
        reasons = self._remark_reasons(kind, forum, document=True)
        if certificate.status is not Status.IN_FORCE:
            reasons.add("record-state")
        if by_forum and not forum:
            reasons.add("seized-by-forum")
        by = FORUM if forum else OFFICER
        call = self.estate.lift(REMARK_BITS[kind], statement, by, id=id_, document=statement)
        if self.attempt(call, reasons):
            certificate.remarks[kind] -= 1
            self.entered.remove((id_, kind, statement, by_forum))

    @rule(pick=PICK, conclude=LIKELY, meant=SELDOM)
    def object(self, pick: int, conclude: bool, meant: bool) -> None:
        """Conclude what is open, or raise one."""
        objected = [one for one, ghost in self.ghost.certificates.items() if ghost.open]
        if not (meant or objected):
            return
        id_ = objected[0] if objected and conclude else self.one(pick)
        certificate, client = self.ghost.certificates[id_], self.estate.court.client
        if conclude and certificate.open:
            objection = min(certificate.open)
            if self.attempt(self.estate.conclude(objection, id=id_), set()):
                certificate.open.discard(objection)
            return
        objection = self.estate.fresh()
        reasons = set() if certificate.status is Status.IN_FORCE else {"record-state"}
        if self.attempt(client.raise_later_objection(id_, objection), reasons):
            certificate.open.add(objection)

    @rule(pick=PICK, meant=SELDOM)
    def dispute(self, pick: int, meant: bool) -> None:
        """Open one on a certificate, or end the one there is."""
        court = self.estate.court
        if not (meant or self.disputes):
            return
        if self.disputes:
            case_id, id_ = self.disputes.popitem()
            self.attempt(court.release(FORUM, case_id=case_id), set())
            self.ghost.certificates[id_].holds -= 1
            return
        id_, case_id = self.one(pick), self.estate.fresh()
        call = court.open(court.opening(case_id=case_id, records=(id_,), consents=()))
        reasons = set() if self.ghost.certificates[id_].status is Status.IN_FORCE else {"record-state"}
        if self.attempt(call, reasons):
            self.disputes[case_id] = id_
            self.ghost.certificates[id_].holds += 1

    @rule(
        pick=PICK, by=st.sampled_from([*EXCHANGES, *EXCHANGES, STRANGER]), hours=st.sampled_from([1, 72, 73])
    )
    def reserve(self, pick: int, by: LocalAccount, hours: int) -> None:
        id_, until = self.one(pick), self.next + hours * HOUR
        certificate, exchange = self.ghost.certificates[id_], address(by)
        reasons = certificate.why_not(self.next) | self.ghost.why_no_reservation(
            id_, exchange, until, self.next
        )
        if by is STRANGER:
            reasons.add("approver-not-entitled")
        if self.attempt(self.estate.reserve(by, id=id_, until=until), reasons):
            assert until <= self.estate.now + RESERVATION
            certificate.reserved_until, certificate.reserved_by = until, exchange

    @rule(pick=PICK, by=st.sampled_from([*EXCHANGES, FORUM, STRANGER]), meant=SELDOM)
    def release(self, pick: int, by: LocalAccount, meant: bool) -> None:
        reserved = [i for i, c in self.ghost.certificates.items() if c.reserved_until > self.next]
        if not (meant or reserved):
            return
        id_ = reserved[0] if reserved else self.one(pick)
        certificate = self.ghost.certificates[id_]
        conditions = {
            "record-state": certificate.status is not Status.IN_FORCE,
            "not-reserved": certificate.reserved_until <= self.next,
            "record-held": certificate.holds > 0,
            "signer-not-exchange": by is not FORUM and address(by) != certificate.reserved_by,
        }
        reasons = {code for code, holds in conditions.items() if holds}
        if self.attempt(self.estate.release(by, id=id_), reasons):
            self.ghost.released[id_, certificate.reserved_by] = self.estate.now
            certificate.drop_reservation()

    # ------------------------------------------------------------ time and accounts

    @rule(hours=st.sampled_from([1, 24, 24, 24 * 5]))
    def wait(self, hours: int) -> None:
        self.estate.court.pass_to(self.estate.now + hours * HOUR)

    @rule(pick=PICK, before=st.sampled_from([200, 30, 30, 0]), meant=SELDOM)
    def wait_for_the_end(self, pick: int, before: int, meant: bool) -> None:
        """Until so many days before validity ends, or, seldom, until it has."""
        instant = self.ghost.certificates[self.one(pick)].valid_until - before * DAY + 1
        if (before or meant) and instant > self.estate.now:
            self.estate.court.pass_to(instant)

    @rule(pick=PICK, meant=SELDOM)
    def lapse(self, pick: int, meant: bool) -> None:
        id_ = self.one(pick)
        if not meant and self.next <= self.ghost.certificates[id_].valid_until:
            return
        certificate = self.ghost.certificates[id_]
        conditions = {
            "record-state": certificate.status is not Status.IN_FORCE,
            "status-move": self.next <= certificate.valid_until,
            "record-held": certificate.holds > 0,
        }
        reasons = {code for code, holds in conditions.items() if holds}
        if self.attempt(self.estate.court.client.record_lapse(id_, self.estate.fresh()), reasons):
            certificate.status = Status.LAPSED
            certificate.drop_reservation()

    @rule(who=WHO, lose=SELDOM)
    def change_account(self, who: bytes, lose: bool) -> None:
        """Rotate a key, lose it, or get another by a forum's document."""
        who = next(iter(sorted(self.lost)), who)
        accounts, old = self.estate.accounts, self.estate.keys[who]
        type(self).keys += 1
        new = person(type(self).keys)
        if lose and who not in self.lost:
            call = accounts.revoke(who, OFFICER, account=address(old), reason=AccountState.COMPROMISED)
            self.attempt(call, set())
            self.lost.add(who)
            return
        if who in self.lost:
            self.attempt(accounts.replace(who, new, new, OFFICER, FORUM), set())
            self.lost.discard(who)
        else:
            self.attempt(accounts.rotate(who, new, new, old, OFFICER), set())
        self.estate.keys[who] = new

    # ------------------------------------------------------------ what always holds

    @invariant()
    def what_changed_was_meant(self) -> None:
        if self.changed:
            self.chain_equals_ghost()
            self.changed = False

    def chain_equals_ghost(self) -> None:
        for id_, ghost in self.ghost.certificates.items():
            record = self.estate.record(id_)
            shown = (record.status, record.successor, record.remainder, record.predecessor, record.procedure)
            assert shown == (
                ghost.status,
                ghost.successor,
                ghost.remainder,
                ghost.predecessor,
                ghost.procedure,
            )
            assert (record.valid_until, record.ending) == (ghost.valid_until, ghost.ending)
            assert record.holdings == holdings_digest(self.estate.held[id_])
            assert record.remarks == remark_bits(kind for kind, count in ghost.remarks.items() if count)
            assert (record.objections, record.holds) == (len(ghost.open), ghost.holds)
            assert (record.reserved_until, record.reserved_by) == (ghost.reserved_until, ghost.reserved_by)
        for id_, licence in self.ghost.licences.items():
            self.licence_equals_ghost(id_, licence)
        self.nothing_is_in_force_twice()

    def licence_equals_ghost(self, id_: bytes, ghost: Any) -> None:
        shown = self.estate.licence(id_)
        people = (shown.certificate, shown.licensor, shown.licensee)
        assert people == (ghost.certificate, ghost.licensor, ghost.licensee)
        covered = (shown.rights, shown.acts, shown.territory, shown.valid_from, shown.valid_until)
        terms = ghost.terms
        bits = (right_bits(terms.rights), act_bits(terms.acts), territory_bits(terms.territory))
        assert covered == (*bits, terms.begins, terms.ends)
        assert shown.exclusive == ghost.exclusive
        assert shown.state is (LicenceState.ENDED if ghost.ended else LicenceState.GIVEN)

    def nothing_is_in_force_twice(self) -> None:
        """On the chain's own lines, and in the ghost."""
        assert not [one for one, count in Counter(self.ghost.rights_in_force()).items() if count > 1]
        client, seen = self.estate.court.client, Counter[tuple[bytes, int]]()
        for id_, ghost in self.ghost.certificates.items():
            if ghost.status is Status.IN_FORCE:
                for one, bits in self.estate.held[id_]:
                    line = client.line_of(id_, one)
                    seen.update((line, bit) for bit in (1, 2, 4) if bits & bit)
        assert not [one for one, count in seen.items() if count > 1]
        given = list(self.ghost.licences.values())
        for first, later in combinations(given, 2):  # in the order they were given
            both = first.exclusive and not first.ended and first.origins & later.origins
            assert not (both and first.terms.overlaps(later.terms) and not later.ended)

    def teardown(self) -> None:
        self.chain_equals_ghost()


def _rights(bits: int) -> frozenset[Right]:
    return frozenset(right for right in Right if bits & right_bits([right]))


@pytest.mark.slow
def test_lives_follow_their_ghost(estate: Estate) -> None:
    Lives.estate = estate
    Lives.start = estate.court.world.ground.moment()
    machine: type[RuleBasedStateMachine] = Lives
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=5,
            stateful_step_count=40,
            phases=[Phase.generate],
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
