"""Heads are fed to witnesses, cosignatures are kept and shown, and issuing waits for them (D18, ADR 63)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlmodel import select

from tests.ledger import world as w
from tests.ledger.scanning import searched
from tests.ledger.witnesses.witness import TestWitness, cosign, serving
from yinzheng.ledger.accesses.batching import commit
from yinzheng.ledger.cases import issuing
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.opening import _settled
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.state.faults import Faults, InjectedFault
from yinzheng.ledger.state.instance import read_instance
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models_witnesses import Cosignature, WitnessFailure
from yinzheng.ledger.witnesses import asking, feeding
from yinzheng.ledger.witnesses.feeding import WitnessesMissing, feed, standing_in
from yinzheng.ledger.witnesses.heads import head_to_show
from yinzheng.ledger.witnesses.kept import fed_in
from yinzheng.ledger.witnesses.known import add_witness, remove_witness, require_url, set_quorum
from yinzheng.verifier import Authentic, Report
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import Ed25519PrivateKey
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.judge.certificate.verify import verify
from yinzheng.verifier.judge.trust import parse_trust
from yinzheng.verifier.log.note import parse_vkey, split_note
from yinzheng.verifier.log.statement import certificate_subject

COURT, NOTARY = "法院见证（虚构）", "公证处见证（虚构）"


@pytest.fixture
def witnesses(world: w.World) -> Iterator[list[TestWitness]]:
    """Two witnesses that run and know the log."""
    _, instance = read_instance(world.root)
    with ExitStack() as stack:
        keys = [parse_vkey(vkey) for vkey in instance.log_keys]
        made = [
            TestWitness(name, Ed25519PrivateKey(bytes([at]) * 32), instance.origin, keys, world.clock)
            for at, name in enumerate(("court.example/w1", "notary.example/w1"), start=1)
        ]
        yield [stack.enter_context(serving(one)) for one in made]


@pytest.fixture
def open_(world: w.World, witnesses: list[TestWitness]) -> Iterator[Registry]:
    """The registry, with both as its witnesses; none is asked for yet."""
    with world.open() as registry:
        keeper = w.actor_of(registry, w.KEEPER)
        for name, one in zip((COURT, NOTARY), witnesses, strict=True):
            add_witness(registry, name, one.url, [one.key.vkey], keeper)
        yield registry


def asks_for(registry: Registry, quorum: int) -> None:
    set_quorum(registry, quorum, w.actor_of(registry, w.KEEPER))


def judged(world: w.World, number: str) -> Report:
    """By the policy that the registry exports now."""
    with open_reader(world.root, world.clock) as reader:
        data = reader.certificate_file(number)
        policy = parse_trust(reader.trust_file())
    assert data is not None
    return verify(read_target(data), policy, now=world.clock.now)


def failures(registry: Registry) -> dict[str, str]:
    with registry.store.reading() as session:
        return {row.witness: row.code for row in session.exec(select(WitnessFailure))}


def test_heads_are_cosigned_published_and_in_evidence(
    world: w.World, open_: Registry, witnesses: list[TestWitness], tmp_path: Path
) -> None:
    asks_for(open_, 2)
    with searched(open_, "cosignature"):
        _, number = w.to_deposited(open_, world.clock, tmp_path / "dossier")
        with open_.store.reading() as session:
            shown = head_to_show(session)
    assert shown is not None
    published = open_.log.note()
    assert published is not None
    named = {line.name for line in split_note(published)[1][2:]}
    assert named == {"court.example/w1", "notary.example/w1"}
    for one in witnesses:
        assert one.head == (open_.log.size, open_.log.root())
        # It learnt the first size by itself, and was fed what it knows from then on.
        assert one.asked[0].startswith(b"old 0\n")
        assert len({body.split(b"\n")[0] for body in one.asked}) == len(one.asked)
    report = judged(world, number)
    assert report.authentic is Authentic.GENUINE
    said = report.finding(6).data
    assert [one["name"] for one in said["cosigned"]] == [COURT, NOTARY]
    assert (said["missing"], said["quorum"]) == ([], 2)


def test_issuing_waits_for_witnesses_and_nothing_else_does(
    world: w.World, open_: Registry, witnesses: list[TestWitness], tmp_path: Path
) -> None:
    asks_for(open_, 2)
    case = w.to_publicity(open_, tmp_path / "one")
    witnesses[1].answer = (503, "text/plain", b"")
    w.past_publicity(open_, world.clock, case)
    number = issuing.issue(open_, case, w.actor_of(open_, w.OFFICER)).number
    with pytest.raises(WitnessesMissing) as caught:
        settle(open_)
    assert caught.value.data["missing"] == [NOTARY]
    assert "waits" in caught.value.message
    assert "503" in caught.value.message
    assert on_chain(open_, number) is None
    # Another case goes its way to the chain meanwhile: publicity issues nothing.
    with pytest.raises(WitnessesMissing):
        w.to_publicity(open_, tmp_path / "two")
    assert failures(open_) == {NOTARY: "witness-refuses"}
    witnesses[1].answer = None
    settle(open_)
    assert on_chain(open_, number) is not None
    assert failures(open_) == {}
    assert judged(world, number).authentic is Authentic.GENUINE


def test_who_opens_the_registry_is_told_and_goes_on(
    world: w.World, open_: Registry, witnesses: list[TestWitness], tmp_path: Path
) -> None:
    asks_for(open_, 1)
    case = w.to_publicity(open_, tmp_path / "one")
    for one in witnesses:
        one.answer = (404, "text/plain", b"")
    w.past_publicity(open_, world.clock, case)
    issuing.issue(open_, case, w.actor_of(open_, w.OFFICER))
    with pytest.raises(WitnessesMissing):
        settle(open_)
    told: list[str] = []
    assert not standing_of(open_).enough
    _settled(open_, lambda _step: None, told.append)
    assert len(told) == 1
    assert "见证方" in told[0]


def something(registry: Registry, folder: Path) -> None:
    """Something for the log to hold."""
    w.apply(registry, folder / "dossier")


def on_chain(registry: Registry, number: str) -> object:
    return registry.client.record(certificate_subject(number))


def standing_of(registry: Registry) -> feeding.Standing:
    with registry.store.reading() as session:
        return standing_in(session)


def test_what_was_issued_stays_provable_when_witnesses_are_gone(
    world: w.World, open_: Registry, witnesses: list[TestWitness], tmp_path: Path
) -> None:
    asks_for(open_, 2)
    _, number = w.to_deposited(open_, world.clock, tmp_path / "one")
    with open_.store.reading() as session:
        before = head_to_show(session)
    for one in witnesses:
        one.answer = (500, "text/plain", b"")
    w.to_publicity(open_, tmp_path / "two")
    with open_.store.reading() as session:
        assert head_to_show(session) == before
        newest = head_to_show(session, open_.log.size - 1)
    assert before is not None
    assert newest is not None
    assert newest.size > before.size
    assert judged(world, number).authentic is Authentic.GENUINE


def test_no_witness_stops_another(
    world: w.World,
    open_: Registry,
    witnesses: list[TestWitness],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.5)
    monkeypatch.setattr(feeding, "PATIENCE", 0.5)
    something(open_, tmp_path)
    witnesses[0].hang = threading.Event()
    settle(open_)
    assert failures(open_) == {COURT: "witness-silent"}
    assert standing_of(open_).found == [NOTARY]
    # It is left alone for a while, and asked again after that.
    count = len(witnesses[0].asked)
    settle(open_)
    assert len(witnesses[0].asked) == count
    witnesses[0].hang.set()
    witnesses[0].hang = None
    world.clock.advance(feeding.REST)
    settle(open_)
    assert standing_of(open_).found == [COURT, NOTARY]


def test_one_that_refuses_slowly_holds_up_one_settling_and_not_all(
    world: w.World,
    open_: Registry,
    witnesses: list[TestWitness],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(feeding, "HASTE", -1)
    witnesses[0].answer = (503, "text/plain", b"")
    something(open_, tmp_path)
    settle(open_)
    assert failures(open_) == {COURT: "witness-slow"}
    count = len(witnesses[0].asked)
    settle(open_)
    assert len(witnesses[0].asked) == count
    world.clock.advance(feeding.REST)
    settle(open_)
    assert len(witnesses[0].asked) == count + 1


def test_answers_of_all_kinds(
    open_: Registry, witnesses: list[TestWitness], world: w.World, tmp_path: Path
) -> None:
    something(open_, tmp_path)
    settle(open_)
    text = split_note(open_.log.note() or "")[0]
    court = witnesses[0]
    other = Ed25519PrivateKey(bytes([7]) * 32)
    size = open_.log.size
    wrong = cosign(court.name, court.private, text, world.clock.now).replace("A", "B", 1).encode()
    future = world.clock.now + 301
    plain, sized = "text/plain", "text/x.tlog.size"
    answers = {
        (200, plain, b""): "witness-nonsense",
        (200, plain, b"\xff\n"): "witness-nonsense",
        (200, plain, wrong): "witness-nonsense",
        (200, plain, cosign("x.example", other, text, world.clock.now).encode()): "witness-nonsense",
        (200, plain, cosign(court.name, court.private, "another\n", 1).encode()): "witness-nonsense",
        (
            200,
            plain,
            cosign(court.name, court.private, text, future).encode(),
        ): "witness-clock",
        (200, plain, b"x" * (asking.MAX_ANSWER + 1)): "witness-nonsense",
        (409, plain, b"1\n"): "witness-nonsense",
        (409, sized, b"01\n"): "witness-nonsense",
        (409, sized, b"%d\n" % (size + 1)): "witness-ahead",
        (409, sized, b"%d\n" % size): "witness-fork",
        (409, sized, b"0\n"): "witness-nonsense",
        (403, plain, b""): "witness-refuses",
        (404, plain, b""): "witness-log-unknown",
        (422, plain, b""): "witness-fork",
        (302, plain, b""): "witness-refuses",
        (200, plain, cosign(court.name, court.private, text, world.clock.now).encode()): None,
    }
    for answer, code in answers.items():
        court.answer = answer
        assert asked_once(open_, court, size) == code, answer


def asked_once(registry: Registry, witness: TestWitness, size: int) -> str | None:
    note = registry.log.note() or ""
    old = 0 if (witness.answer or (0, "", b""))[1] == "text/x.tlog.size" else size
    if witness.answer is not None and witness.answer[2] == b"0\n":
        old = 0
    try:
        asking.ask(witness.known, witness.url, note, old, registry.log.consistency, witness.now)
    except asking.WitnessFault as fault:
        return fault.code
    return None


def test_nobody_there(open_: Registry, tmp_path: Path) -> None:
    something(open_, tmp_path)
    settle(open_)
    note = open_.log.note() or ""
    witness = TestWitness("gone.example", Ed25519PrivateKey(bytes(32)), "x", [], lambda: 0)
    with pytest.raises(asking.WitnessFault) as caught:
        asking.ask(witness.known, "http://127.0.0.1:9", note, 0, open_.log.consistency, witness.now)
    assert caught.value.code == "witness-unreachable"


def test_witnesses_are_named_strictly(open_: Registry, witnesses: list[TestWitness]) -> None:
    keeper, officer = w.actor_of(open_, w.KEEPER), w.actor_of(open_, w.OFFICER)
    vkey, url = Ed25519PrivateKey(bytes([9]) * 32), "https://w.example/x"
    new = TestWitness("new.example", vkey, "x", [], lambda: 0).key.vkey
    own = parse_vkey(open_.instance.log_keys[0])
    refused: dict[str, Callable[[], object]] = {
        "administrator-needed": lambda: add_witness(open_, "新见证", url, [new], officer),
        "witness-known": lambda: add_witness(open_, COURT, url, [new], keeper),
        "trust-inconsistent": lambda: add_witness(open_, "新见证", url, [witnesses[0].key.vkey], keeper),
        "cosigner-key": lambda: add_witness(open_, "新见证", url, [own.vkey], keeper),
        "note-key": lambda: add_witness(open_, "新见证", url, ["x"], keeper),
        "witness-url": lambda: add_witness(open_, "新见证", "http://w.example", [new], keeper),
        "witness-quorum": lambda: set_quorum(open_, 3, keeper),
        "witness-unknown": lambda: remove_witness(open_, "无", keeper),
    }
    with w.unchanged(open_):
        for code, change in refused.items():
            with pytest.raises((UsageFault, DataFault)) as caught:
                change()
            assert caught.value.code == code
    asks_for(open_, 2)
    with pytest.raises(UsageFault) as caught:
        remove_witness(open_, COURT, keeper)
    assert caught.value.code == "witness-quorum"
    asks_for(open_, 1)
    fed = remove_witness(open_, COURT, keeper)
    assert [one.name for one in fed.trusted.known] == [NOTARY]
    with open_.store.reading() as session:
        assert fed_in(session) == fed


@pytest.mark.parametrize(
    "url",
    [
        "ftp://w.example",
        "https://",
        "https://u@w.example",
        "https://w.example/?a",
        "https://w.example:0",
        "x",
    ],
)
def test_addresses(url: str) -> None:
    with pytest.raises(UsageFault):
        require_url(url)


def test_the_audit_names_witnesses_nobody_named(
    world: w.World, witnesses: list[TestWitness], tmp_path: Path
) -> None:
    with world.open() as registry:
        court = witnesses[0]
        add_witness(registry, COURT, court.url, [court.key.vkey], w.actor_of(registry, w.KEEPER))
        asks_for(registry, 1)
        commit(registry, everything=True)
        settle(registry)
        w.to_deposited(registry, world.clock, tmp_path / "dossier")
    assert world.codes() == set()
    with world.open() as registry, registry.store.transaction() as session:
        row = session.exec(select(Cosignature)).first()
        assert row is not None
        row.line, right = row.line.replace("A", "B", 1), row.line
        session.add(row)
    assert world.codes() == {"cosignature-wrong"}
    with world.open() as registry, registry.store.transaction() as session:
        row = session.get_one(Cosignature, (row.size, row.witness))
        row.line = right
        session.add(row)
        repository.write_meta(session, {"witnesses": '{"quorum":0,"witnesses":[]}'})
    assert world.codes() == {"witnesses-altered"}


def test_the_policy_names_them(open_: Registry, witnesses: list[TestWitness]) -> None:
    asks_for(open_, 1)
    with open_.store.reading() as session:
        policy = trust_policy(open_.instance, fed_in(session).trusted)
    assert [one["name"] for one in policy["witnesses"]] == [COURT, NOTARY]
    read = parse_trust(canonical.dumps(policy)).witnesses
    assert (read.quorum, [one.keys[0] for one in read.known]) == (1, [one.key for one in witnesses])


def test_feeding_twice_asks_nobody(open_: Registry, witnesses: list[TestWitness]) -> None:
    settle(open_)
    count = [len(one.asked) for one in witnesses]
    assert feed(open_).enough
    assert [len(one.asked) for one in witnesses] == count


class StruckAt(Faults):
    """The write of that number fails, or is done and reported as failed."""

    def __init__(self, number: int) -> None:
        self.left = number

    def hit(self, point: str) -> None:
        super().hit(point)
        self.left -= 1
        if self.left == 0:
            raise InjectedFault(point)


def test_struck_at_any_write_it_goes_on(world: w.World, witnesses: list[TestWitness], tmp_path: Path) -> None:
    court, strike = witnesses[0], 0
    with world.open() as registry:
        something(registry, tmp_path)
        settle(registry)
        add_witness(registry, COURT, court.url, [court.key.vkey], w.actor_of(registry, w.KEEPER))
    while True:
        strike, court.head = strike + 1, (0, b"")
        copy = world.copy(tmp_path / f"state-{strike}")
        with copy.open(StruckAt(strike), settle=False) as registry:
            try:
                feed(registry)
            except InjectedFault:
                struck = True
            else:
                struck = False
        with copy.open() as registry:
            settle(registry)
            assert standing_of(registry).found == [COURT]
            names = [line.name for line in split_note(registry.log.note() or "")[1]]
            assert names.count(court.name) == 1
        if not struck:
            break
    assert strike == 5  # before and after the database, before and after the published checkpoint
