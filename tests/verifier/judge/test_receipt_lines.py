"""Access lines in a receipt: each is proved or names itself, offline; what is cut away shows (S13.8)."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.verifier import access_world as w
from tests.verifier.bodies import HOSPITAL, INSURER, LAB
from tests.verifier.receipt_checks import check, codes
from tests.verifier.receipt_world import GIVEN, SUBJECT, ReceiptWorld
from tests.verifier.world import DAY, DEPOSITED
from yinzheng.verifier.containers.receipt_lines import MAX_LINES
from yinzheng.verifier.containers.receiptfile import parse_receipt_file
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.judge.receipt.accesses import covered
from yinzheng.verifier.judge.report import Outcome

OTHER = bytes([0x0E]) * 32
Json = dict[str, Any]


def read_by_many() -> ReceiptWorld:
    """Two batches: lines 1 to 5 and 6 to 8; of this consent are 2, 4, 5 and 7."""
    batches = [
        [
            w.line(1, OTHER),
            w.use(2, SUBJECT),
            w.line(3, None),
            w.line(4, SUBJECT),
            w.use(5, SUBJECT, LAB, scope="third_party_research"),
        ],
        [w.use(6, OTHER), w.use(7, SUBJECT, INSURER, scope="insurance"), w.line(8, OTHER)],
    ]
    world = ReceiptWorld()
    world.noted = w.chained(batches)
    return world


@pytest.fixture(scope="module")
def genuine() -> Json:
    return read_by_many().file()


@pytest.fixture
def file(genuine: Json) -> Json:
    return copy.deepcopy(genuine)


def test_a_batch_is_of_the_statement_that_notes_lines() -> None:
    (noted,) = w.chained([[w.line(1, OTHER)]])
    batch = noted.placed(0, ())
    batch.check()
    with pytest.raises(DataFault) as caught:
        replace(batch, statement=replace(batch.statement, type="chain.found")).check()
    assert caught.value.code == "access-batch"


def test_each_line_is_proved_and_tells_who_when_for_what(file: Json) -> None:
    report = check(file)
    assert report.authentic == "genuine", codes(report)
    assert [one.proved.line.number for one in report.accesses] == [2, 4, 5, 7]
    told = report.to_json()["accesses"]
    assert (told["known"], told["up_to"]) == (4, 8)
    research = told["lines"][0]
    assert research["organisation"] == {"code": HOSPITAL, "name": "某市人民医院"}
    assert (research["function"], research["scope"]) == ("controller", "base")
    assert (research["at"], research["said"]["purpose"]) == (DEPOSITED + 2, "临床质量研究")
    assert b"officer-chen" not in json.dumps(file).encode(), "the patient is shown the function alone"


def test_uses_that_no_consent_covers_are_found_by_the_reader(file: Json) -> None:
    """The insurer's line says it was covered; the consent in the same file says no."""
    report = check(file)
    assert report.to_json()["accesses"]["outside_consent"] == [7]
    assert [(one.covered, one.proved.line.covered) for one in report.accesses] == [
        (True, True),
        (None, None),
        (True, True),
        (False, True),
    ]


def test_that_a_use_is_not_covered_the_lines_own_word_is_enough_for() -> None:
    """Its words gave it away: they are, in the notice, for something else than what it rests on (S19.4)."""
    world = ReceiptWorld()
    world.noted = w.chained([[w.use(1, SUBJECT, covered=False), w.use(2, SUBJECT)]])
    assert check(world).to_json()["accesses"]["outside_consent"] == [1]


def test_a_use_under_another_version_of_the_notice_is_covered_only_if_the_registry_says_so() -> None:
    """What the other version takes this file does not show; that it takes more, the line's word is enough."""
    world, own = ReceiptWorld(), ReceiptWorld().body.notice.leaf.hex()
    uses = [
        w.use(1, SUBJECT, object=OTHER.hex(), covered=False),
        w.use(2, SUBJECT, object=OTHER.hex()),
        w.use(3, SUBJECT, INSURER, object=OTHER.hex(), scope="insurance"),
        w.use(4, SUBJECT, object=own),
        w.use(5, SUBJECT, object=SUBJECT.hex()),
    ]
    world.noted = w.chained([uses])
    report = check(world)
    assert [one.covered for one in report.accesses] == [False, True, False, True, True]
    assert [one.under for one in report.accesses] == [OTHER.hex()] * 3 + [None] * 2
    told = report.to_json()["accesses"]
    assert told["outside_consent"] == [1, 3]
    assert told["lines"][0]["under"] == OTHER.hex()


def _batch(file: Json, place: int) -> Json:
    return file["accesses"]["batches"][place]  # type: ignore[no-any-return]


def _counted(file: Json) -> None:
    """The last line taken out, and the count made to fit."""
    _lines(file).pop()
    file["accesses"]["count"] = 3


def _lines(file: Json) -> list[Json]:
    return file["accesses"]["lines"]  # type: ignore[no-any-return]


def _flip(text: str, at: int = 0) -> str:
    return text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]


def _of_another(file: Json) -> None:
    """A line of somebody else's consent, genuine and proved, in the place of mine."""
    other = read_by_many()
    batch = other.noted[0]
    _lines(file)[0] = json.loads(json.dumps(batch.proved(1, 0).to_json()))


TAMPERED: list[tuple[str, Callable[[Json], object], str, list[int]]] = [
    ("purpose", lambda f: _lines(f)[1]["line"].update(purpose="own"), "access-line", [4]),
    ("time", lambda f: _lines(f)[3]["line"].update(at=1), "access-line", [7]),
    ("organisation", lambda f: _lines(f)[2]["line"].update(organisation=HOSPITAL), "access-line", [5]),
    ("function", lambda f: _lines(f)[0]["line"].update(function="recipient"), "access-line", [2]),
    ("secret", lambda f: _lines(f)[0].update(secret=_flip(_lines(f)[0]["secret"])), "access-line", [2]),
    ("path", lambda f: _lines(f)[0]["path"].pop(), "access-line", [2]),
    ("other batch", lambda f: _lines(f)[0].update(batch=1), "access-line", [2]),
    ("no batch", lambda f: _lines(f)[0].update(batch=2), "access-line", [2]),
    ("words", lambda f: _lines(f)[0]["words"]["words"].update(purpose="看病"), "access-line", [2]),
    ("words taken out", lambda f: _lines(f)[0].update(words=None), "access-line", [2]),
    ("words' secret", lambda f: _lines(f)[0]["words"].update(secret="00" * 32), "access-line", [2]),
    ("who", lambda f: _lines(f)[1]["line"]["who"].update(sm3="00" * 32), "access-line", [4]),
    ("another's", _of_another, "access-line", [1]),
    ("root", lambda f: _batch(f, 1)["body"].update(root="00" * 32), "access-line", [7]),
    ("count of a batch", lambda f: _batch(f, 0)["body"].update(count=6), "access-line", [2, 4, 5]),
    ("statement", lambda f: _batch(f, 0)["statement"].update(at=1), "access-not-in-log", [2, 4, 5]),
    ("place", lambda f: _batch(f, 1).update(index=1), "access-not-in-log", [7]),
    ("path in the log", lambda f: _batch(f, 0)["hashes"].pop(), "access-not-in-log", [2, 4, 5]),
    ("a line less", lambda f: _lines(f).pop(1), "accesses-cut", [2, 5, 7]),
    ("all lines", lambda f: _lines(f).clear(), "accesses-cut", []),
    ("a line twice", lambda f: _lines(f).insert(0, _lines(f)[0]), "accesses-cut", [2, 2, 4, 5, 7]),
    ("order", lambda f: _lines(f).reverse(), "accesses-cut", [7, 5, 4, 2]),
    ("count", lambda f: f["accesses"].update(count=5), "accesses-cut", [2, 4, 5, 7]),
    ("a line less, and counted so", _counted, "accesses-cut", [2, 4, 5]),
    ("last", lambda f: f["accesses"].update(last=9), "accesses-cut", [2, 4, 5, 7]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "code", "numbers"), [row[1:] for row in TAMPERED], ids=[row[0] for row in TAMPERED]
)
def test_what_was_changed_names_itself(
    file: Json, change: Callable[[Json], object], code: str, numbers: list[int]
) -> None:
    change(file)
    report = check(file)
    finding = next(one for one in report.findings if one.code == code)
    assert finding.outcome is Outcome.INVALID
    told = finding.data.get("lines", finding.data.get("told"))
    assert [one["number"] if isinstance(one, dict) else one for one in told] == numbers
    for number in numbers:
        assert str(number) in finding.message
    assert report.authentic == "forged"
    assert report.accesses == ()


def test_a_receipt_signed_without_lines_takes_none(file: Json) -> None:
    """Lines of a later receipt are not put into an older one."""
    older = ReceiptWorld()
    older.noted = read_by_many().noted
    bare = {**file, "qr": ReceiptWorld().proof_copy}
    assert codes(check(bare))[4] == "accesses-cut"


def test_only_the_newest_are_listed_and_all_are_counted() -> None:
    world = ReceiptWorld()
    world.noted = w.chained([[w.line(number, SUBJECT) for number in range(1, MAX_LINES + 6)]])
    world.listed = range(6, MAX_LINES + 6)
    report = check(world)
    assert report.authentic == "genuine", codes(report)
    assert len(report.accesses) == MAX_LINES
    assert report.to_json()["accesses"]["known"] == MAX_LINES + 5
    assert len(json.dumps(world.file())) < 1024 * 1024
    fewer = ReceiptWorld()
    fewer.noted, fewer.listed = world.noted, range(7, MAX_LINES + 6)
    assert codes(check(fewer)) == {4: "accesses-cut"}


def _every_byte(file: Json) -> Iterator[tuple[list[str | int], str]]:
    """Every hexadecimal value in the part about accesses."""

    def walk(value: Any, path: list[str | int]) -> Iterator[tuple[list[str | int], str]]:
        if isinstance(value, dict):
            for name, member in value.items():
                yield from walk(member, [*path, name])
        elif isinstance(value, list):
            for at, member in enumerate(value):
                yield from walk(member, [*path, at])
        elif isinstance(value, str) and len(value) == 64:
            yield path, value

    yield from walk(file["accesses"], ["accesses"])


def test_any_byte_of_any_hash_or_secret_shows(file: Json) -> None:
    found = list(_every_byte(file))
    assert len(found) > 30
    for path, value in found:
        changed = copy.deepcopy(file)
        place: Any = changed
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = _flip(value, len(value) - 1)
        report = check(changed)
        assert {4, 5} & set(codes(report)), path
        assert report.authentic == "forged", path


@pytest.mark.parametrize("name", ["count", "last", "batches", "lines"])
def test_the_part_is_read_strictly(file: Json, name: str) -> None:
    for part in ({**file["accesses"], name: None}, {**file["accesses"], "more": 1}):
        with pytest.raises(DataFault):
            parse_receipt_file(json.dumps({**file, "accesses": part}).encode())
    del file["accesses"][name]
    with pytest.raises(DataFault):
        parse_receipt_file(json.dumps(file).encode())


@pytest.mark.parametrize(
    ("organisation", "scope", "at", "expected"),
    [
        (HOSPITAL, "base", GIVEN, True),
        (HOSPITAL, "insurance", GIVEN, False),
        (HOSPITAL, "third_party_research", GIVEN, False),
        (LAB, "third_party_research", GIVEN, True),
        (LAB, "base", GIVEN, False),
        (INSURER, "insurance", GIVEN, False),
        (HOSPITAL, "base", GIVEN - 1, False),
        (HOSPITAL, "base", GIVEN + 365 * DAY, False),
        (HOSPITAL, None, GIVEN, False),
        (None, "base", GIVEN, False),
    ],
)
def test_what_a_consent_covers(organisation: str | None, scope: str | None, at: int, expected: bool) -> None:
    assert covered(ReceiptWorld().body, [], organisation, scope, at) is expected


def test_a_withdrawal_ends_what_is_covered_from_its_receipt_on() -> None:
    world = read_by_many()
    world.noted = w.chained([[w.use(1, SUBJECT, at=DEPOSITED - 1), w.use(2, SUBJECT, at=DEPOSITED)]])
    world.withdraw({}, scopes=["base"])
    report = check(world)
    assert [one.covered for one in report.accesses] == [True, False]
