"""A history's lines against the chain: who is said to have begun or ended something is who did (S23.3)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from tests.verifier import bodies
from tests.verifier.bodies import PAIR
from tests.verifier.licences import FORUM as COURT
from tests.verifier.licences import LicenceState, end_json, licence_json
from tests.verifier.world import World
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.chain import layout
from yinzheng.verifier.chain.layout import ChainRecord
from yinzheng.verifier.chain.layout_disputes import BY_FORUM, BY_PARTY, ChainDispute
from yinzheng.verifier.chain.layout_moves import ChainLicence, ChainMarks, ChainRemark, decode_licence
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.licence import (
    ended_statement,
    given_statement,
    parse_licence,
    parse_licence_end,
)
from yinzheng.verifier.formats.right_history import RightHistory, Told
from yinzheng.verifier.formats.standing import parse_remark
from yinzheng.verifier.judge.history.chain import ChainWords, Listed
from yinzheng.verifier.judge.history.threads import Threads
from yinzheng.verifier.log.statement import Statement, certificate_subject, commit_public

DISPUTE, FORUM = b"\x07" * 32, b"\x09" * 20


@dataclass
class Chain:
    """What a chain would say."""

    dispute_: ChainDispute | None = None
    held: bytes = b""
    licences: dict[bytes, ChainLicence] = field(default_factory=dict)
    remarks: dict[bytes, ChainRemark] = field(default_factory=dict)
    marked: dict[str, ChainMarks] = field(default_factory=dict)
    unshown: int = 0
    """Licences of the certificate, earlier than those shown."""

    def listed(self, _: bytes) -> Listed:
        return Listed(self.unshown + len(self.licences), tuple(self.licences))

    def licence(self, id_: bytes) -> ChainLicence | None:
        return self.licences.get(id_)

    def remark(self, statement: bytes) -> ChainRemark | None:
        return self.remarks.get(statement)

    def dispute(self, _: bytes) -> tuple[ChainDispute | None, tuple[bytes, ...]]:
        return self.dispute_, (self.held,)

    def marks(self, _: bytes) -> dict[str, ChainMarks]:
        return self.marked


def record_of(world: World, **changes: Any) -> ChainRecord:
    record = layout.decode_record(replace(world.state_record, **changes).words())
    assert record is not None
    return record


def checked(world: World, chain: Chain, record: ChainRecord, *told: Told, **others: ChainRecord) -> Threads:
    """``others``: records of further certificates that are shown, by number."""
    numbers = [world.body.number, *others]
    certificates = [{"record": replace(world.body, number=number), "qr": world.qr} for number in numbers]
    shown = tuple(cast("Any", type("Registered", (), one)()) for one in certificates)
    history = RightHistory(world.body.number, shown, told, "", cast("Any", None))
    records = zip(map(certificate_subject, numbers), [record, *others.values()], strict=True)
    threads = Threads(history, cast("ChainWords", chain), dict(records))
    threads.check()
    return threads


def refused(world: World, chain: Chain, record: ChainRecord, *told: Told, **others: ChainRecord) -> str:
    with pytest.raises(DataFault) as caught:
        checked(world, chain, record, *told, **others)
    return caught.value.code


def registry_of(world: World) -> dict[str, str]:
    return {"name": world.body.registry.name, "code": world.body.registry.code}


def remark_of(world: World, body: dict[str, Any], by: str) -> dict[str, Any]:
    named = COURT if by == "forum" else registry_of(world)
    return body | {"certificate": world.body.number, "by": named}


def stated(world: World, kind: str, body: dict[str, Any], by: str) -> Told:
    statement = Statement(
        type=kind,
        profile="GD-HEALTH/1",
        subject=certificate_subject(world.body.number),
        at=1000,
        commitment=commit_public(dumps(body)),
        prev=b"\x01" * 32,
        by=by,
    )
    return Told(statement, body, 0, ())


def said(kind: str, by: str) -> Told:
    statement = Statement(
        type=kind,
        profile="GD-HEALTH/1",
        subject=DISPUTE,
        at=1000,
        commitment=commit_public(b"{}"),
        prev=b"\x01" * 32,
        by=by,
    )
    return Told(statement, None, 0, ())


@pytest.mark.parametrize("kind", ["dispute.opened", "dispute.released"])
@pytest.mark.parametrize("by", ["forum", "party"])
@pytest.mark.parametrize("forum", [True, False])
def test_what_parties_did_is_not_told_as_a_courts(kind: str, by: str, forum: bool) -> None:
    world, told = World(), said(kind, by)
    subject = certificate_subject(world.body.number)
    record = record_of(world)
    leaf, opened = told.statement.leaf_hash, kind == "dispute.opened"
    dispute = ChainDispute(
        state=2,
        kind=BY_FORUM if forum and opened else BY_PARTY,
        parties=2,
        subjects=1,
        roots=0,
        opened_at=900,
        released_at=1000,
        changed_at=1000,
        statement=leaf if opened else b"\x02" * 32,
        root=None,
        outcome=b"\x02" * 32 if opened else leaf,
        opened_by=FORUM,
        released_by=FORUM if forum and not opened else None,
    )

    chain = Chain(dispute, subject)
    if (by == "forum") == forum:
        threads = checked(world, chain, record, told)
        assert threads.on_chain_at(told) == (900 if opened else 1000)
        return
    assert refused(world, chain, record, told) == "history-differs"


# ---------------------------------------------------------------- ends


def ending_of(initiator: str, ground: str) -> int:
    return 16 * (layout.INITIATORS.index(initiator) + 1) + layout.GROUNDS.index(ground) + 1


@pytest.mark.parametrize(
    ("initiator", "ground", "by"),
    [("forum", "document", "forum"), ("holders", "asked", "registry"), ("registry", "law", "registry")],
)
def test_who_had_it_cancelled_and_why_is_the_chains_to_say(initiator: str, ground: str, by: str) -> None:
    """A registry that cancelled on its own motion does not say that a court did, or the holders (S23.3)."""
    world = World()
    body = bodies.cancellation() | {"certificate": world.body.number, "initiator": initiator}
    body |= {"ground": ground, "reference": "(2026)某民初1号"}
    body["by"] = COURT if by == "forum" else registry_of(world)
    told = stated(world, "certificate.cancelled", body, by)

    def kept(ending: int) -> ChainRecord:
        return record_of(world, status=3, ending=ending)

    checked(world, Chain(), kept(ending_of(initiator, ground)), told)
    for other in (("forum", "document"), ("holders", "asked"), ("holders", "data_gone"), ("registry", "law")):
        if other != (initiator, ground):
            assert refused(world, Chain(), kept(ending_of(*other)), told) == "history-differs"
    assert refused(world, Chain(), record_of(world, status=1), told) == "history-differs"
    by, named = ("registry", registry_of(world)) if by == "forum" else ("forum", COURT)
    claimed = stated(world, "certificate.cancelled", body | {"by": named}, by)
    assert refused(world, Chain(), kept(ending_of(initiator, ground)), claimed) == "history-differs"


@pytest.mark.parametrize("ground", ["agreed", "document"])
def test_who_ended_a_licence_is_the_chains_to_say(ground: str) -> None:
    world = World()
    given = parse_licence(licence_json())
    document = {"ground": "document", "request": None, "forum": COURT, "document": PAIR}
    end = end_json(given=given_statement(given).leaf_hash.hex(), **(document if ground == "document" else {}))
    ended = ended_statement(parse_licence_end(end))
    subject = certificate_subject(world.body.number)
    tellings = (
        Told(given_statement(given), given.to_json(), 0, ()),
        Told(ended, end, 1, ()),
    )
    over = {"state": 2, "outcome": ended.leaf_hash, "ended_at": given.registered_at + 90}

    def kept(ending: int) -> ChainLicence:
        found = decode_licence(LicenceState.of(given, ending=ending, certificate=subject, **over).words())
        assert found is not None
        return found

    right, wrong = (1, 2) if ground == "agreed" else (2, 1)
    chain = Chain(licences={given.subject: kept(right)})
    told = checked(world, chain, record_of(world), *tellings)
    assert told.on_chain_at(tellings[1]) == over["ended_at"]
    lying = Chain(licences={given.subject: kept(wrong)})
    assert refused(world, lying, record_of(world), *tellings) == "history-differs"


@pytest.mark.parametrize("by", ["forum", "registry"])
@pytest.mark.parametrize("came", [True, False])
def test_who_lifted_a_seizure_is_the_chains_to_say(by: str, came: bool) -> None:
    world = World()
    seized = stated(
        world, "remark.entered", remark_of(world, bodies.remark("seizure"), "registry"), "registry"
    )
    body = bodies.lifting() | {"kind": "seizure", "reference": "某裁定", "document": PAIR}
    body["remark"] = None if came else seized.statement.leaf_hash.hex()
    lifting = stated(world, "remark.lifted", remark_of(world, body, by), by)
    document = bytes.fromhex(PAIR["sha256"])
    subject, leaf = certificate_subject(world.body.number), lifting.statement.leaf_hash

    def kept(*, forum: bool, **changes: Any) -> Chain:
        lifted = ChainRemark(subject, document, "seizure", False, 0 if came else 900, 950, forum, leaf)
        at = leaf if came else seized.statement.leaf_hash
        return Chain(remarks={at: replace(lifted, **changes)})

    tellings = (lifting,) if came else (seized, lifting)
    threads = checked(world, kept(forum=by == "forum"), record_of(world), *tellings)
    assert threads.on_chain_at(lifting) == 950
    for chain in (
        kept(forum=by != "forum"),
        kept(forum=by == "forum", lifting=b"\x03" * 32),
        kept(forum=by == "forum", set_at=900 if came else 0),
        kept(forum=by == "forum", document=b"\x03" * 32),
        Chain(),
    ):
        assert refused(world, chain, record_of(world), *tellings) == "history-differs"


def test_the_lifting_of_what_came_with_it_is_not_left_out() -> None:
    world = World()
    (came,) = {remark.kind for remark in world.body.remarks}
    lifted = Chain(marked={came: ChainMarks(0, deposited=False, known=True)})
    assert refused(world, lifted, record_of(world)) == "history-short"
    checked(world, Chain(marked={came: ChainMarks(0, deposited=True, known=True)}), record_of(world))


# ---------------------------------------------------------------- what belongs, and what is all

OTHER = b"\x05" * 32
"""A certificate, licence or statement that nobody shows."""


SUCCESSOR = "SJ4412026110009"


def renewal(world: World, leaf: bytes) -> dict[str, Any]:
    return {
        "v": 1,
        "profile": "GD-HEALTH/1",
        "certificate": {"number": world.body.number, "leaf": leaf.hex()},
        "successor": {"number": SUCCESSOR, "leaf": "06" * 32},
        "request": PAIR,
        "registry": registry_of(world),
        "decided_at": 1000,
        "prev": "01" * 32,
    }


def about(told: Told, subject: bytes) -> Told:
    return replace(told, statement=replace(told.statement, subject=subject))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("reservation.made", {}),
        ("certificate.lapsed", bodies.lapse()),
        ("certificate.renewed", renewal(World(), OTHER)),
        ("remark.entered", bodies.remark()),
        ("remark.lifted", bodies.lifting() | {"remark": "05" * 32}),
        ("licence.given", licence_json()),
        ("licence.ended", end_json()),
    ],
)
def test_a_statement_about_a_certificate_that_is_not_shown_is_a_stray(
    kind: str, body: dict[str, Any]
) -> None:
    world = World()
    told = about(stated(world, kind, body, "registry"), OTHER)
    assert refused(world, Chain(), record_of(world), told) == "history-stray"


@pytest.mark.parametrize("kind", ["dispute.opened", "dispute.released"])
def test_a_dispute_that_holds_none_of_them_is_a_stray(kind: str) -> None:
    world, told = World(), said(kind, "party")
    leaf = told.statement.leaf_hash
    dispute = ChainDispute(2, BY_PARTY, 2, 1, 0, 900, 1000, 1000, leaf, None, leaf, FORUM, None)
    subject = certificate_subject(world.body.number)
    checked(world, Chain(dispute, subject), record_of(world), told)
    assert refused(world, Chain(dispute, OTHER), record_of(world), told) == "history-stray"
    assert refused(world, Chain(None, subject), record_of(world), told) == "history-stray"
    other = replace(dispute, statement=OTHER, outcome=OTHER)
    assert refused(world, Chain(other, subject), record_of(world), told) == "history-differs"


def test_a_licence_is_told_as_the_chain_has_it() -> None:
    world, given = World(), parse_licence(licence_json())
    subject = certificate_subject(world.body.number)
    told = Told(given_statement(given), given.to_json(), 0, ())
    kept = decode_licence(LicenceState.of(given, certificate=subject).words())
    assert kept is not None

    def chain(**changes: Any) -> Chain:
        return Chain(licences={given.subject: replace(kept, **changes)})

    threads = checked(world, chain(), record_of(world), told)
    assert threads.on_chain_at(told) == kept.given_at
    for changes in ({"statement": OTHER}, {"valid_until": kept.valid_until + 1}):
        assert refused(world, chain(**changes), record_of(world), told) == "history-differs"
    assert refused(world, chain(certificate=OTHER), record_of(world), told) == "licence-layout"


@pytest.mark.parametrize("named", ["registry", "court"])
@pytest.mark.parametrize("by", ["registry", "forum", "party"])
def test_who_entered_a_remark_has_the_name_of_its_capacity(named: str, by: str) -> None:
    """A registry that seizes does not say that a court did, nor a court's name that the registry (S23.3)."""
    world = World()
    body = bodies.remark() | {"certificate": world.body.number}
    body["by"] = COURT if named == "court" else registry_of(world)
    told = stated(world, "remark.entered", body, by)
    remark = parse_remark(body)
    subject, digest = certificate_subject(world.body.number), remark.digest
    kept = ChainRemark(subject, digest, remark.kind, by == "forum", 900, 0, False, None)
    marked = {remark.kind: ChainMarks(1, deposited=False, known=False)}
    chain = Chain(remarks={told.statement.leaf_hash: kept}, marked=marked)
    if (by, named) in {("registry", "registry"), ("forum", "court")}:
        assert checked(world, chain, record_of(world), told).on_chain_at(told) == 900
    else:
        assert refused(world, chain, record_of(world), told) == "history-differs"


def test_what_follows_is_what_the_chain_has_with_its_content() -> None:
    world = World()
    successor, subject = certificate_subject(SUCCESSOR), certificate_subject(world.body.number)
    record = replace(record_of(world, status=2), successor=successor)
    told = stated(world, "certificate.renewed", renewal(world, record.content), "registry")
    checked(world, Chain(), record, told)
    for differing in (
        replace(record, successor=OTHER),
        replace(record, remainder=OTHER),
        replace(record, content=OTHER),
    ):
        assert refused(world, Chain(), differing, told) == "history-differs"
    came = replace(record_of(world), predecessor=subject, content=b"\x06" * 32)
    assert checked(world, Chain(), record, told, **{SUCCESSOR: came}).whole
    other = {SUCCESSOR: replace(came, content=OTHER)}
    assert refused(world, Chain(), record, told, **other) == "history-differs"


def test_it_is_whole_only_with_all_before_and_after_and_every_licence() -> None:
    world, given = World(), parse_licence(licence_json())
    record = record_of(world)
    subject = certificate_subject(world.body.number)
    assert checked(world, Chain(), record).whole
    assert not checked(world, Chain(), replace(record, predecessor=OTHER)).whole
    assert not checked(world, Chain(), replace(record, successor=OTHER)).whole
    told = Told(given_statement(given), given.to_json(), 0, ())
    kept = decode_licence(LicenceState.of(given, certificate=subject).words())
    assert kept is not None
    licences = {given.subject: kept}
    assert checked(world, Chain(licences=licences), record, told).whole
    assert not checked(world, Chain(licences=licences, unshown=1), record, told).whole


def test_a_certificate_that_it_neither_came_from_nor_led_to_is_a_stray() -> None:
    world = World()
    assert refused(world, Chain(), record_of(world), **{SUCCESSOR: record_of(world)}) == "history-stray"
