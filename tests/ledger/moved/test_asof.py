"""As of a time: status, licences, remarks, accounts by that time's block, and what has changed (S9.3a)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.ledger.moved.life import DAY, PLEDGE, SEIZURE, Life
from tests.ledger.organisations.enrolling import HOSPITAL, LAB
from tests.ledger.world import World
from yinzheng.ledger.reading import Reader, open_reader
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.errors import EnvironmentFault
from yinzheng.verifier.judge import line
from yinzheng.verifier.judge.asof.look import AsOf, as_of
from yinzheng.verifier.judge.asof.table import UNKNOWN, Row
from yinzheng.verifier.judge.report import Status
from yinzheng.verifier.log.statement import certificate_subject
from yinzheng.verifier.words import asof as words


@dataclass
class Lived:
    """A right's life, the instants between its moves, and what was made."""

    reader: Reader
    now: int
    number: str
    file: bytes
    at: dict[str, int]
    licence: bytes
    later: bytes
    successor: bytes

    def look(self, *instants: str, live: Any = "reader") -> AsOf:
        ledger = self.reader if live == "reader" else live
        asked = [self.at[name] for name in instants]
        target = read_target(self.file)
        return as_of(target, self.reader.trust(), now=self.now, instants=asked, live=ledger)


@pytest.fixture(scope="module")
def lived(demonstration_template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    world = demonstration_template.copy(tmp_path_factory.mktemp("life") / "state")
    at: dict[str, int] = {}

    def mark(name: str) -> None:
        """An instant at which nothing happens, seconds after what did."""
        life.pass_time(60)
        at[name] = world.clock.now
        life.pass_time(60)

    with world.open() as registry:
        life = Life.begin(registry, world.clock)
        at["before"] = world.clock.now
        at["founded"] = int(registry.w3.eth.get_block(0)["timestamp"]) - 1
        number = life.register(world.root.parent / "dossier")
        subject = certificate_subject(number)
        mark("registered")
        licence = life.license(subject)
        mark("licensed")
        seizure = life.remark(subject, SEIZURE)
        life.remark(subject, PLEDGE)
        mark("seized")
        life.lift(subject, SEIZURE, seizure)
        life.end_licence(licence)
        later = life.license(subject, valid_from=world.clock.now + 2 * DAY, exclusive=True)
        mark("lifted")
        successor = life.transfer(subject)
        mark("transferred")
    with open_reader(world.root, world.clock) as reader:
        file = reader.certificate_file(number)
        assert file is not None
        yield Lived(reader, world.clock.now, number, file, at, licence, later, successor)


def cells(view: AsOf, what: str, of: str = "") -> tuple[Any, ...]:
    return row(view, what, of).cells


def row(view: AsOf, what: str, of: str = "") -> Row:
    (found,) = [one for one in view.rows if (one.what, one.of) == (what, of)]
    return found


def test_every_instant_of_a_life(lived: Lived) -> None:
    view = lived.look("before", "registered", "licensed", "seized", "lifted")
    assert [column.now for column in view.columns] == [False] * 5 + [True]
    assert {column.why for column in view.columns} == {"ok"}
    assert cells(view, "status") == ("not_yet", *["in_force"] * 4, "superseded")
    assert cells(view, "holder", HOSPITAL) == ((), *[("hold", "use", "operate")] * 5)
    assert cells(view, "licence", lived.licence.hex()) == (
        "not_given", "not_given", "in_force", "in_force", "ended_agreed", "ended_agreed",
    )  # fmt: skip
    assert cells(view, "licence", lived.later.hex())[3:] == ("not_given", "to_come", "to_come")
    assert cells(view, "remark", "seizure") == ((), (), (), ("1",), (), ())
    assert cells(view, "remark", "pledge")[2:] == ((), ("1",), ("1",), ("1",))
    assert cells(view, "successors")[-2:] == ((), (lived.successor.hex(),))
    assert len(set(cells(view, "account", HOSPITAL))) == 1
    assert row(view, "status").changes == (False, True, False, False, False, True)
    assert view.exit_code == 1, "at one instant it was not yet registered"
    assert lived.look("registered", "lifted").exit_code == 0
    blocks = [column.block.time for column in view.columns if column.block]
    assert blocks == sorted(blocks)
    assert all(column.block and column.block.time <= column.at for column in view.columns)


def test_what_was_the_same_and_what_changed(lived: Lived) -> None:
    view = lived.look("licensed", "seized")
    same = {(one.what, one.of): one.same for one in view.rows}
    assert same["holder", HOSPITAL] is True
    assert same["account", HOSPITAL] is True
    assert same["remark", "seizure"] is False
    assert same["status", ""] is False, "superseded by now"
    assert LAB not in {one.of for one in view.rows}, "a licensee holds nothing"


def test_of_more_certificates_than_are_followed_nothing_is_told(
    lived: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "MOST", 1)
    assert cells(lived.look("lifted"), "licence", lived.later.hex()) == ("to_come", UNKNOWN)


def test_in_words(lived: Lived) -> None:
    view = lived.look("licensed")
    body = view.reports[0].body
    assert body is not None
    said = {}
    for one in view.rows:
        said[words.title(one, view, body).en] = [words.cell(one, value).en for value in one.cells]
        assert words.title(one, view, body).zh
        assert all(words.cell(one, value).zh for value in one.cells)
    assert said["Status"] == ["in force", "superseded"]
    assert said["Remark: pledge"] == ["none", "1 entered since"]
    assert said["Registered to: 云汐第一医院（虚构） (91350100M000100Y43)"] == ["hold, use, operate"] * 2
    assert words.heading(view.columns[1]).en.startswith("Now (")
    value = view.to_json()
    assert [one["now"] for one in value["instants"]] == [False, True]
    assert value["licences"][lived.licence.hex()]["ended_at"] is not None


def test_without_a_ledger_only_what_has_not_changed_is_told(lived: Lived) -> None:
    view = lived.look("licensed", "transferred", live=None)
    early, late, _ = view.columns
    assert (early.status, early.why) == (Status.UNDETERMINED, "as-of-needs-archive")
    assert (late.status, late.why) == (Status.SUPERSEDED, "ok")
    assert cells(view, "holder", HOSPITAL)[0] == UNKNOWN
    assert cells(view, "account", HOSPITAL)[1] == UNKNOWN
    assert view.attached
    assert view.exit_code == 3
    assert row(view, "status").same is None


class NoArchive:
    """A node that knows its newest block alone, as most foreign ones do."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    def chain(self, subject: bytes, size: int | None, at: int | None) -> object:
        _refuse(at)
        return self._reader.chain(subject, size, at)

    def storage(self, wanted: Any, *, at: int | None, block: int | None) -> object:
        _refuse(at)
        return self._reader.storage(wanted, at=at, block=block)


def _refuse(at: int | None) -> None:
    if at is not None:
        raise EnvironmentFault("The node refuses eth_getProof.", code="node-refused")


def test_a_node_that_is_no_archive_says_so_and_tells_now(lived: Lived) -> None:
    view = lived.look("licensed", live=NoArchive(lived.reader))
    then, now = view.columns
    assert (then.why, now.why) == ("node-refused", "ok")
    assert cells(view, "licence", lived.licence.hex()) == (UNKNOWN, "ended_agreed")
    said = words.why(then)
    assert said is not None
    assert "no archive" in said.en
    assert view.exit_code == 3


class Lying(NoArchive):
    """An archive that answers of another block than the one asked about, from the second question on."""

    def __init__(self, reader: Reader, other: int) -> None:
        super().__init__(reader)
        self._other, self._asked = other, 0

    def chain(self, subject: bytes, size: int | None, at: int | None) -> object:
        return self._reader.chain(subject, size, at)

    def storage(self, wanted: Any, *, at: int | None, block: int | None) -> object:
        self._asked += 1
        other = self._other if block is not None else None
        return self._reader.storage(wanted, at=at, block=other)


def test_all_is_of_one_block(lived: Lived) -> None:
    view = lived.look("licensed", live=Lying(lived.reader, 3))
    assert {column.why for column in view.columns} == {"live-refused"}


def test_a_block_before_the_last_is_not_taken(lived: Lived) -> None:
    class Early(Lying):
        def storage(self, wanted: Any, *, at: int | None, block: int | None) -> object:
            earlier = lived.at["registered"] if at is not None else None
            return self._reader.storage(wanted, at=earlier, block=block)

    (then, _) = lived.look("lifted", live=Early(lived.reader, 0)).columns
    assert then.why == "archive-gap"


def test_a_later_block_is_not_taken_for_the_last(lived: Lived) -> None:
    class Late(Lying):
        def storage(self, wanted: Any, *, at: int | None, block: int | None) -> object:
            later = lived.at["transferred"] if at is not None else None
            return self._reader.storage(wanted, at=later, block=block)

    (then, _) = lived.look("licensed", live=Late(lived.reader, 0)).columns
    assert (then.why, then.situation) == ("archive-gap", None)


@pytest.mark.parametrize(("asked", "why"), [("founded", "ok"), ("licensed", "live-refused")])
def test_the_first_block_tells_that_there_was_nothing_before_it_alone(
    lived: Lived, asked: str, why: str
) -> None:
    """Nobody seals it: of a time after it, it is no proof that nothing had been registered."""

    class First(Lying):
        def storage(self, wanted: Any, *, at: int | None, block: int | None) -> object:
            return self._reader.storage(wanted, at=None, block=block if at is None else 0)

    (then, _) = lived.look(asked, live=First(lived.reader, 0)).columns
    assert then.why == why
    assert (then.situation is None) is (why != "ok")


def test_a_policy_without_the_modules_leaves_licences_open(lived: Lived) -> None:
    from dataclasses import replace

    trust = replace(lived.reader.trust(), moves=None, standing=None, holders=None)
    view = as_of(
        read_target(lived.file), trust, now=lived.now, instants=[lived.at["seized"]], live=lived.reader
    )
    assert cells(view, "status") == ("in_force", "superseded")
    assert cells(view, "remark", "seizure") == (("stands",), ())
    assert cells(view, "account", HOSPITAL) == (UNKNOWN, UNKNOWN)
    assert not [one for one in view.rows if one.what == "licence"]
