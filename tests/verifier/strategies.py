"""Arbitrary well-formed certificate bodies."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.verifier.world import HOSPITAL, REGISTRY
from yinzheng.verifier.bytes.naming import spell
from yinzheng.verifier.formats.body import (
    CLASSES,
    FIRST,
    IMPORTANCES,
    LONGEST_TERM,
    MAX_PREDECESSORS,
    PROCEDURES,
    REMARKS,
    RIGHTS,
    SOURCES,
    TYPES,
)

REVERSING = "\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
_CHARACTERS = st.characters(exclude_categories=["Cc", "Cs"], exclude_characters=REVERSING)


def plain(low: int, high: int) -> st.SearchStrategy[str]:
    return st.text(_CHARACTERS, min_size=low, max_size=high)


def names(low: int, high: int) -> st.SearchStrategy[str]:
    """Names in their one spelling; nothing private, which no spelling mends."""
    shown = st.characters(exclude_categories=["Cc", "Cs", "Co"], exclude_characters=REVERSING)
    return st.text(shown, min_size=low, max_size=high).map(spell).filter(lambda one: low <= len(one) <= high)


def _bodies() -> st.SearchStrategy[dict[str, Any]]:
    code = st.sampled_from([HOSPITAL["code"], REGISTRY["code"]])
    rights = st.sets(st.sampled_from(RIGHTS), min_size=1).map(lambda some: [r for r in RIGHTS if r in some])
    fields: dict[str, st.SearchStrategy[Any]] = {
        "v": st.just(1),
        "number": st.from_regex(r"SJ[0-9]{2}[0-8]20[0-9]{2}(0[1-9]|1[0-2])[1-9][0-9]{3}", fullmatch=True),
        "profile": st.sampled_from(["GD-HEALTH/1", "NDA-2026/2", "DEMO/1"]),
        "procedure": st.sampled_from(PROCEDURES),
        "holders": st.lists(
            st.fixed_dictionaries({"name": names(1, 100), "code": code, "rights": rights}),
            min_size=1,
            max_size=4,
        ),
        "limits": plain(0, 400),
        "asset": plain(1, 40),
        "class": st.sampled_from(CLASSES),
        "level": st.fixed_dictionaries({"scheme": plain(1, 40), "value": st.integers(1, 5)}),
        "source": st.sampled_from(SOURCES),
        "scale": plain(1, 60),
        "registry": st.fixed_dictionaries({"name": names(1, 100), "code": code}),
        "registered_at": st.integers(0, 2**40),
        "valid_until": st.integers(1, LONGEST_TERM),
        "remarks": st.lists(
            st.fixed_dictionaries({"kind": st.sampled_from(REMARKS), "text": plain(0, 200)}), max_size=4
        ),
        "prev": st.binary(min_size=32, max_size=32).map(bytes.hex),
    }
    optional = {"importance": st.sampled_from(IMPORTANCES), "authority": names(1, 100)}
    return st.tuples(st.fixed_dictionaries(fields, optional=optional), kinds).map(
        lambda made: {
            **made[0],
            **made[1],
            "valid_until": made[0]["registered_at"] + made[0]["valid_until"],
        }
    )


def _followed(leaves: dict[str, str]) -> list[dict[str, str]]:
    return [{"number": number, "leaf": leaves[number]} for number in sorted(leaves)]


# Another registry's digit than any number below, so that none follows itself.
_PREDECESSORS = st.dictionaries(
    st.from_regex(r"SJ[0-9]{2}920[0-9]{2}(0[1-9]|1[0-2])[1-9][0-9]{3}", fullmatch=True),
    st.binary(min_size=32, max_size=32).map(bytes.hex),
    min_size=1,
    max_size=MAX_PREDECESSORS,
).map(_followed)

kinds = st.just({"type": FIRST}) | st.fixed_dictionaries(
    {"type": st.sampled_from(TYPES[1:]), "follows": _PREDECESSORS}
)
"""Type of registration, and what it follows."""

bodies = _bodies()
