"""Words of licences, remarks, marks and accounts that no pinned contract can have written are refused."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.verifier.chain.test_layout_modules import packed, refused
from yinzheng.verifier.chain import layout_moves as layout

ID, OTHER, STATEMENT, OUTCOME = (int.from_bytes(bytes([n]) * 32, "big") for n in (1, 2, 3, 4))
AT = 1_795_000_000


def terms(*, state: int = 1, exclusive: int = 1, rights: int = 2, acts: int = 63, territory: int = 1) -> int:
    small = ((state, 1), (exclusive, 1), (rights, 1), (acts, 1), (territory, 5))
    return packed(*small, (AT, 8), (AT + 99, 8))


def licence(**changes: Any) -> list[int]:
    words = {"packed": terms(), "statement": STATEMENT, "outcome": 0, "times": packed((AT, 8), (0, 8))}
    return [ID, OTHER, OTHER, *(words | changes).values()]


def account(**changes: Any) -> list[int]:
    first = packed((7, 20), (1, 1), (0, 1), (1, 4))
    words = {"first": first, "second": 0, "key": ID, "next_key": 0, "times": packed((AT, 8)), "said": OTHER}
    return list((words | changes).values())


REFUSED: list[tuple[Callable[[Sequence[int]], object], list[int], str]] = [
    (
        layout.decode_licence,
        licence(packed=terms(state=2), outcome=OUTCOME, times=packed((AT, 8), (AT, 8))),
        "licence-earlier",
    ),
    *(
        (layout.decode_licence, words, "licence-layout")
        for words in (
            licence(packed=0),
            licence(packed=terms(state=3)),
            licence(packed=terms(exclusive=2)),
            licence(packed=terms(rights=0)),
            licence(packed=terms(rights=8)),
            licence(packed=terms(acts=64)),
            licence(packed=terms(territory=0)),
            licence(packed=terms(territory=1 << 34)),
            licence(packed=terms() | 1 << 200),
            licence(packed=terms() | 1 << 208),
            licence(packed=terms(state=2) | 3 << 200, outcome=OUTCOME, times=packed((AT, 8), (AT, 8))),
            licence(packed=terms(state=2)),
            licence(outcome=OUTCOME),
            licence(statement=0),
            licence(times=packed((AT, 8), (0, 8), (1, 1))),
        )
    ),
    *(
        (layout.decode_remark, words, "remark-layout")
        for words in (
            [ID, 0, 0, 0],
            [ID, 0, packed((3, 1), (0, 1), (AT, 8)), 0],
            [ID, 0, packed((2, 1), (2, 1), (AT, 8)), 0],
            [ID, 0, packed((2, 1), (0, 1), (AT, 8), (AT, 8)), 0],
            [ID, 0, packed((2, 1), (0, 1), (AT, 8)), OUTCOME],
            [ID, 0, packed((2, 1), (0, 1), (AT, 8), (0, 8), (1, 1)), 0],
            [ID, 0, packed((2, 1), (0, 1), (AT, 8), (AT, 8), (2, 1)), OUTCOME],
            [ID, 0, packed((2, 1), (0, 1), (AT, 8), (AT, 8), (1, 1), (1, 1)), OUTCOME],
            [ID, 0, packed((2, 1), (0, 1), (0, 8), (0, 8)), 0],
            [ID, 0, packed((2, 1), (1, 1), (0, 8), (AT, 8)), OUTCOME],
        )
    ),
    *(
        (layout.decode_account, words, "account-layout")
        for words in (
            account(first=0),
            account(first=packed((7, 20), (4, 1), (0, 1), (1, 4))),
            account(first=packed((7, 20), (1, 1), (2, 1), (1, 4))),
            account(first=packed((7, 20), (1, 1), (0, 1), (0, 4))),
            account(second=packed((8, 20), (0, 8))),
            account(second=packed((8, 20), (AT, 8), (1, 1))),
        )
    ),
    (layout.decode_given, [ID, 0], "licence-layout"),
]


@pytest.mark.parametrize(("read", "words", "code"), REFUSED)
def test_impossible_words(read: Callable[[Sequence[int]], object], words: list[int], code: str) -> None:
    assert refused(read, words) == code


@pytest.mark.parametrize("word", [1, packed((0, 2), (2, 1), (1, 1)), packed((0, 2), (0, 1), (2, 1)), 1 << 40])
def test_impossible_marks(word: int) -> None:
    assert refused(layout.decode_marks, word) == "remark-layout"


def test_absence() -> None:
    assert layout.decode_licence([0] * 7) is None
    assert layout.decode_remark([0] * 4) is None
    assert layout.decode_account([0] * 6) is None
    assert layout.decode_marks(0) == layout.ChainMarks(0, deposited=False, known=False)
    assert layout.decode_line([0, 0]) == layout.ChainLine(None, None)
