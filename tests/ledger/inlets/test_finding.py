"""What others tell the contracts themselves is found, recorded, followed; no audit is silent on it (S24)."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlmodel import Session, select
from web3.exceptions import Web3RPCError
from web3.types import FilterParams, LogReceipt

from tests.ledger import world as w
from tests.ledger.organisations.enrolling import Member
from tests.ledger.trades.market import enrolled
from tests.ledger.world import KEEPER, OFFICER, World, actor_of
from yinzheng.ledger.accesses.reader import Reader
from yinzheng.ledger.audit import inlets
from yinzheng.ledger.cases import issuing, objections, protests
from yinzheng.ledger.certificates import objecting
from yinzheng.ledger.certificates.following import objections_for
from yinzheng.ledger.certificates.listing import standing_of
from yinzheng.ledger.certificates.messages import message_of
from yinzheng.ledger.certificates.orders import execute
from yinzheng.ledger.certificates.reserving import made_by, reservations_of
from yinzheng.ledger.chain.approvals import sign
from yinzheng.ledger.chain.approvals_moves import Reservation
from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.outcomes import Mined
from yinzheng.ledger.chain.records import ObjectionState
from yinzheng.ledger.chain.reverts import NodeRefused
from yinzheng.ledger.chain.sender import Call, Sender
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.inlets import finding
from yinzheng.ledger.inlets.finding import find
from yinzheng.ledger.inlets.papers import take_in
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.people.acting import key_of
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Case, Certificate, Objection
from yinzheng.ledger.store.models_inlets import Inlet, InletPlace
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import UsageFault, YinzhengError
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.inlet import FOUND, parse_found
from yinzheng.verifier.formats.objection_paper import Objected, ObjectionPaper
from yinzheng.verifier.formats.opening_paper import name_of
from yinzheng.verifier.formats.order import Order, statement_of
from yinzheng.verifier.formats.reservation import Reserved

STRANGER = EthereumKey(b"\6" * 32)
SAID = b"\7" * 32


def tell(registry: Registry, key: EthereumKey, call: Call) -> Mined:
    """Have an account that is not the registry's send a call."""
    sender = Sender(registry.w3, key.account(), time.sleep)
    fund(registry, sender.address)
    registry.client.simulate(call, sender.address)
    made = sender.prepare(call, sender.next_nonce(), sender.fees())
    sender.broadcast(made)
    mined = sender.wait(made.hash, 5)
    assert mined.refusal is None
    return mined


def fund(registry: Registry, account: bytes) -> None:
    """Give an account what this chain asks for a transaction; on others' networks each does that itself."""
    with registry.store.reading() as session:
        key = key_of(session, actor_of(registry, KEEPER))
    admin = Sender(registry.w3, key.account(), time.sleep)
    given = admin.prepare(Call(account, b"", 21_000, 10**18), admin.next_nonce(), admin.fees())
    admin.broadcast(given)
    admin.wait(given.hash, 5)


def subject_of(registry: Registry, case: str) -> bytes:
    with registry.store.reading() as session:
        return repository.find_case(session, case).subject


def found_in(session: Session) -> list[Inlet]:
    return list(session.exec(select(Inlet).order_by(Inlet.block)))  # type: ignore[arg-type]


@pytest.fixture
def published(world: World, tmp_path: Path) -> tuple[World, str]:
    """A case under publicity, against which a stranger has objected on the chain itself."""
    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier")
        settle(registry)
        subject = subject_of(registry, case)
        tell(registry, STRANGER, registry.client.raise_objection(subject, SAID))
    return world, case


def test_a_strangers_objection_is_found_and_stops_the_certificate(published: tuple[World, str]) -> None:
    world, case = published
    assert world.codes() == {"inlet-unrecorded", "objections-differ"}
    with world.open() as registry:
        subject = subject_of(registry, case)
        name = name_of(subject, SAID, STRANGER.address)
        assert registry.client.objection(subject, name) is ObjectionState.OPEN
        with registry.store.reading() as session:
            (row,) = found_in(session)
            event = repository.event_by_leaf(session, row.leaf)
            assert event is not None
            body = parse_found(canonical.loads(event.public or b"", max_bytes=1024))
            assert (event.type, event.case_id, event.log_index is not None) == (FOUND, None, True)
            assert (body.inlet, body.about, body.name, body.account) == (
                "objection",
                subject,
                name,
                STRANGER.address,
            )
            (open_,) = session.exec(select(Objection))
            assert (open_.leaf, open_.case_id, open_.sealed) == (name, case, b"")
        assert find(registry) == 0
        w.past_publicity(registry, world.clock, case)
        with pytest.raises(UsageFault) as raised:
            issuing.issue(registry, case, actor_of(registry, OFFICER))
        assert raised.value.code == "move-objection-open"
    assert world.audit() == []
    with world.open() as registry:
        by = actor_of(registry, OFFICER)
        objections.resolve(registry, case, name.hex()[:12], by, upheld=False, reasons="不成立")
        settle(registry)
        assert registry.client.objection(subject, name) is ObjectionState.DISMISSED
        issuing.issue(registry, case, by)
        settle(registry)
        assert w.state_of(registry, case) == "deposited"
    assert world.audit() == []


def test_an_upheld_one_closes_the_case(published: tuple[World, str]) -> None:
    world, case = published
    with world.open() as registry:
        name = name_of(subject_of(registry, case), SAID, STRANGER.address)
        by = actor_of(registry, OFFICER)
        objections.resolve(registry, case, name.hex(), by, upheld=True, reasons="成立")
        settle(registry)
        assert w.state_of(registry, case) == "closed"
    assert world.audit() == []


def test_what_was_prepared_is_prepared_anew(world: World, tmp_path: Path) -> None:
    """An objection of the last moment is found when the certificate is drafted already."""
    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier")
        settle(registry)
        subject = subject_of(registry, case)
        tell(registry, STRANGER, registry.client.raise_objection(subject, SAID))
        with registry.store.transaction() as session:
            session.get_one(Case, case).state = "issuing"
        assert find(registry) == 1
        assert w.state_of(registry, case) == "publicity"


def test_nobody_objects_after_publicity_but_through_the_registry(
    published: tuple[World, str], tmp_path: Path
) -> None:
    world, case = published
    with world.open() as registry:
        w.past_publicity(registry, world.clock, case)
        subject = subject_of(registry, case)
        with pytest.raises(YinzhengError) as raised:
            tell(registry, STRANGER, registry.client.raise_objection(subject, b"\x08" * 32))
        assert raised.value.code == "publicity-over"
        paper = tmp_path / "letter.txt"
        paper.write_text("来信", encoding="utf-8")
        w.object_to(registry, case, "某人", "仍有异议", [paper])
        settle(registry)
    assert world.audit() == []


def test_nobody_takes_the_name_of_anothers_objection(world: World, tmp_path: Path) -> None:
    """Nor that of a statement in the log, to have the registry take it for its own."""
    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier")
        settle(registry)
        subject = subject_of(registry, case)
        with registry.store.reading() as session:
            leaf = repository.events_of_case(session, case)[0].leaf_hash
        other = EthereumKey(b"\x09" * 32)
        for key, said in ((STRANGER, leaf), (STRANGER, SAID), (other, SAID)):
            tell(registry, key, registry.client.raise_objection(subject, said))
        assert find(registry) == 3
        settle(registry)
        with registry.store.reading() as session:
            assert len({row.name for row in found_in(session)} - {leaf, SAID}) == 3
            assert len(session.exec(select(Objection)).all()) == 3
    assert world.audit() == []


def test_a_flood_of_them_is_dismissed_at_once_and_closes_the_form_to_nobody(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protests, "MAX_OPEN", 2)
    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier")
        settle(registry)
        subject = subject_of(registry, case)
        for number in range(3):
            tell(registry, STRANGER, registry.client.raise_objection(subject, bytes([number + 1]) * 32))
        assert find(registry) == 3
        paper = tmp_path / "letter.txt"
        paper.write_text("来信", encoding="utf-8")
        protest = protests.Protest("某人", "另有异议", protests.material_of([paper]))
        mine = objections.object_to(registry, case, protest, secret=b"\5" * 16).name
        settle(registry)
        with registry.store.reading() as session:
            names = [row.name.hex() for row in found_in(session)]
        by = actor_of(registry, OFFICER)
        with pytest.raises(UsageFault) as raised:
            objections.resolve(registry, case, [*names, "ff"], by, upheld=False, reasons="不成立")
        assert raised.value.code == "objection-unknown"
        objections.resolve(registry, case, names, by, upheld=False, reasons="不成立")
        before = registry.w3.eth.block_number
        settle(registry)
        assert registry.w3.eth.block_number - before < len(names)  # they share blocks
        found = registry.client.case(subject)
        assert found is not None
        assert found.objections == 1
        objections.resolve(registry, case, mine, by, upheld=False, reasons="不成立")
        settle(registry)
    assert world.audit() == []


# ---------------------------------------------------------------- after registration


def test_who_answers_by_name_objects_to_what_is_registered(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        _, number = w.to_deposited(registry, world.clock, tmp_path / "dossier")
        exchange = enrolled(registry)
        settle(registry)
        subject = subject_by(registry, number)
        assert exchange.wallet is not None
        paper = ObjectionPaper(Objected(subject, "某人", "不实"), b"\x0a" * 32, exchange.wallet.address)
        call = registry.client.raise_later_objection(subject, paper.digest)
        with pytest.raises(YinzhengError) as raised:
            tell(registry, STRANGER, call)
        assert raised.value.code == "objector-unknown"
        tell(registry, exchange.wallet, call)
    with world.open() as registry:
        name = paper.name
        with registry.store.reading() as session:
            (row,) = session.exec(select(Objection))
            assert (row.certificate, row.leaf) == (number, name)
        by = actor_of(registry, OFFICER)
        reader = Reader.of_actor(registry, by)
        ((shown,), _) = objections_for(registry, number, w.APPLICANT["code"] or "", reader)
        assert (shown["objection"], shown["reasons"]) == (name.hex(), "")
        take_in(registry, paper)
        ((shown,), _) = objections_for(registry, number, w.APPLICANT["code"] or "", reader)
        assert shown["reasons"] == paper.body.reasons
        objecting.tell(registry, number, name.hex(), by, "挂号信")
        objecting.conclude(registry, number, name.hex(), by, upheld=False, reasons="不成立")
        settle(registry)
        record = registry.client.record(subject)
        assert record is not None
        assert record.objections == 0
    assert world.audit() == []


def subject_by(registry: Registry, number: str) -> bytes:
    with registry.store.reading() as session:
        return session.get_one(Certificate, number).subject


# ---------------------------------------------------------------- reservations


def test_an_exchange_reserves_by_itself_and_hands_its_order_in_later(world: World, tmp_path: Path) -> None:
    with world.open() as registry:
        _, number = w.to_deposited(registry, world.clock, tmp_path / "dossier")
        exchange = enrolled(registry)
        settle(registry)
        order = reserving(registry, exchange, number)
        subject = subject_by(registry, number)
        assert isinstance(order.body, Reserved)
        wanted = Reservation(subject, order.body.until, order.statement.leaf_hash)
        assert exchange.wallet is not None
        tell(registry, exchange.wallet, registry.client.reserve(wanted, order.signature))
    with world.open() as registry:
        ((shown,), _) = reservations_of(registry, exchange.code)
        assert (shown.leaf, shown.state.value) == (order.statement.leaf_hash, "reserved")
    assert world.audit() == []
    with world.open() as registry:
        assert execute(registry, order) == order.statement.leaf_hash
        settle(registry)
        ((shown,), _) = reservations_of(registry, exchange.code)
        assert shown.state.value == "reserved"
    assert world.audit() == []


def reserving(registry: Registry, exchange: Member, number: str) -> Order:
    with registry.store.reading() as session:
        now = standing_of(session, number)
    at = registry.clock()
    body = Reserved(number, at + 3600, Party(exchange.name, exchange.code), at)
    statement = statement_of(body, profile=now.profile, prev=now.head, by="exchange")
    assert exchange.wallet is not None
    message = message_of(body, statement.leaf_hash)
    return Order(statement, body, sign(message, registry.client.standing_domain, exchange.wallet))


# ---------------------------------------------------------------- faults and lies


def test_a_search_that_fails_leaves_nothing_half_done(
    published: tuple[World, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, case = published
    with world.open(settle=False) as registry:
        before = w.rows(registry)

        def broken(*_: object, **__: object) -> None:
            raise OSError("the disk is full")

        for name in ("record", "sender_of", "_objection"):
            if name == "_objection":
                monkeypatch.setitem(finding._FOLLOW, "objection", broken)
            else:
                monkeypatch.setattr(finding, name, broken)
            with pytest.raises(OSError, match="full"):
                find(registry)
            assert w.rows(registry) == before
            monkeypatch.undo()
        assert find(registry) == 1
        with registry.store.reading() as session:
            place = session.get_one(InletPlace, 1).block
            assert place == registry.last_final()
        settle(registry)
        assert find(registry) == 0
        assert subject_of(registry, case)
        with registry.store.reading() as session:
            assert session.get_one(InletPlace, 1).block == place  # nothing is written where nothing was found
        monkeypatch.setattr(finding, "AGAIN", 0)
        assert find(registry) == 0
        with registry.store.reading() as session:  # but that many blocks were looked through
            assert session.get_one(InletPlace, 1).block == registry.last_final()


TAMPERED = [
    ("DELETE FROM inlet", "inlet-unrecorded"),
    ("UPDATE inlet SET log = log + 7", "inlet-invented"),
    ("UPDATE event SET public = X'7b7d' WHERE type = 'chain.found'", "commitment"),
    ("UPDATE inlet SET leaf = (SELECT leaf_hash FROM event ORDER BY id LIMIT 1)", "inlet-differs"),
]


@pytest.mark.parametrize(("change", "code"), TAMPERED)
def test_whoever_hides_or_alters_what_was_found_is_found_out(
    published: tuple[World, str], change: str, code: str
) -> None:
    world, _ = published
    with world.open():
        pass
    assert world.audit() == []
    with closing(sqlite3.connect(world.paths.database)) as connection:
        connection.execute(change)
        connection.commit()
    assert code in world.codes()


# ---------------------------------------------------------------- what is on its way when it comes


@pytest.mark.parametrize("found_first", [False, True])
def test_an_objection_that_overtakes_a_deposit_takes_it_back_and_holds_up_nobody(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found_first: bool
) -> None:
    """As where the block is orphaned against which the deposit was tried."""
    with world.open() as registry:
        case = w.to_publicity(registry, tmp_path / "dossier")
        settle(registry)
        subject = subject_of(registry, case)
        name = name_of(subject, SAID, STRANGER.address)
        tell(registry, STRANGER, registry.client.raise_objection(subject, SAID))
        w.past_publicity(registry, world.clock, case)
        with monkeypatch.context() as before:
            before.setattr(ContractsClient, "simulate", lambda *_: None)
            issuing.issue(registry, case, actor_of(registry, OFFICER))
        if not found_first:
            with pytest.raises(UsageFault) as raised:
                settle(registry)
            assert raised.value.code == "deposit-refused"
            settle(registry)
    if found_first:
        with pytest.raises(UsageFault) as raised, world.open():
            pass
        assert raised.value.code == "deposit-refused"
    with world.open() as registry:
        assert w.state_of(registry, case) == "publicity"
        by = actor_of(registry, OFFICER)
        with pytest.raises(UsageFault) as raised:
            issuing.issue(registry, case, by)
        assert raised.value.code == "move-objection-open"
        objections.resolve(registry, case, name.hex(), by, upheld=False, reasons="不成立")
        settle(registry)
        issuing.issue(registry, case, by)
        settle(registry)
        assert w.state_of(registry, case) == "deposited"
    assert world.audit() == []


def test_an_event_that_names_another_statement_of_the_log_is_not_the_registrys(
    world: World, tmp_path: Path
) -> None:
    with world.open() as registry:
        _, number = w.to_deposited(registry, world.clock, tmp_path / "dossier")
        exchange = enrolled(registry)
        settle(registry)
        subject = subject_by(registry, number)
        assert exchange.wallet is not None
        with registry.store.reading() as session:
            leaf = standing_of(session, number).head
        wanted = Reservation(subject, registry.clock() + 3600, leaf)
        signature = sign(wanted, registry.client.standing_domain, exchange.wallet)
        tell(registry, exchange.wallet, registry.client.reserve(wanted, signature))
    assert world.codes() == {"inlet-unrecorded", "reservation-unknown"}
    with world.open() as registry:
        ((shown,), _) = reservations_of(registry, exchange.code)
        assert (shown.leaf, shown.state.value) == (leaf, "reserved")
        with pytest.raises(UsageFault) as raised:
            made_by(registry, leaf, exchange.code)
        assert raised.value.code == "reservation-unstated"
    assert world.audit() == []


def test_a_node_that_is_behind_moves_no_place(
    published: tuple[World, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that nothing is in blocks it lacks."""
    world, _ = published
    with world.open(settle=False) as registry:
        last = registry.last_final()
        told = iter([last, last - 1])
        with monkeypatch.context() as behind:
            behind.setattr(Registry, "last_final", lambda _: next(told))
            behind.setattr(finding, "announced", lambda *_: [])
            assert find(registry) == 0
        assert find(registry) == 1


def test_a_node_that_gives_few_events_at_once_is_asked_for_fewer(
    published: tuple[World, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, _ = published
    with world.open(settle=False) as registry:
        ask, most = registry.w3.eth.get_logs, 3

        def few(asked: FilterParams) -> list[LogReceipt]:
            if int(asked["toBlock"]) - int(asked["fromBlock"]) >= most:  # as numbers, which is how we ask
                raise Web3RPCError("query returned more than 10000 results")
            return ask(asked)

        with monkeypatch.context() as short:
            short.setattr(registry.w3.eth, "get_logs", few)
            most = 0
            with pytest.raises(NodeRefused):
                find(registry)
            most = 3
            assert find(registry) == 1


def test_the_chains_count_finds_out_who_hides_an_event(
    published: tuple[World, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that shows no event of it, to registry and audit alike."""
    world, _ = published
    for module in (finding, inlets):
        monkeypatch.setattr(module, "announced", lambda *_: [])
    with world.open():
        pass
    assert world.codes() == {"objections-differ"}
