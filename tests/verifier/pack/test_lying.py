"""Whoever has the issuer's key can write anything into a pack: it is judged, and nothing escapes."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier.pack.pack_files import resigned, unpacked
from tests.verifier.pack.pack_world import Dispute, changed, verified
from yinzheng.verifier.judge.pack.report import Answer
from yinzheng.verifier.judge.pack.report_json import report_json

FILES = ("statements.json", "chain.json", "items/0001/item.json", "items/0002/item.json")
VALUES: list[Any] = [None, True, 0, -1, 2**53 - 1, "", "00" * 20, "11" * 32, "04" + "00" * 64, [], {}, "公"]


@cache
def pack() -> bytes:
    return Dispute(contents=(b"one", b"two"), released=True).pack()


@cache
def leaves(path: str) -> tuple[tuple[str | int, ...], ...]:
    """Ways to all values in a JSON file, lists and objects included."""
    found: list[tuple[str | int, ...]] = []

    def walk(value: Any, way: tuple[str | int, ...]) -> None:
        members: Any = enumerate(value) if isinstance(value, list) else ()
        members = value.items() if isinstance(value, dict) else members
        for name, member in members:
            found.append((*way, name))
            walk(member, (*way, name))

    walk(json.loads(unpacked(pack())[path]), ())
    return tuple(found)


def put(value: Any, way: tuple[str | int, ...], new: Any) -> bool:
    """Put a value in its place; whether that is a change."""
    for step in way[:-1]:
        value = value[step]
    was = value[way[-1]]
    value[way[-1]] = new
    return bool(type(was) is not type(new) or was != new)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_value_exchanged_in_a_small_file(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(FILES))
    way = data.draw(st.sampled_from(leaves(path)))
    new = data.draw(st.sampled_from(VALUES))
    differs: list[bool] = []
    report = verified(changed(lambda value: differs.append(put(value, way, new)), path, pack()))
    assert json.loads(json.dumps(report_json(report)))["answer"] == str(report.verdict)
    if differs[0] and path.startswith("items/"):
        assert report.verdict is Answer.INCONSISTENT


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_value_exchanged_in_the_manifest(data: st.DataObject) -> None:
    way = data.draw(st.sampled_from(leaves("manifest.json")))
    new = data.draw(st.sampled_from(VALUES))
    differs: list[bool] = []
    report = verified(resigned(unpacked(pack()), lambda manifest: differs.append(put(manifest, way, new))))
    # A pack from the future may be one read by a slow clock (S14.5); a signed manifest of another form is
    # not known here, and another signer's is another's.
    if differs[0] and way != ("made_at",):
        assert report.verdict is not Answer.CONSISTENT
    if differs[0] and report.manifest is not None and way != ("made_at",):
        assert report.verdict is Answer.INCONSISTENT


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_part_left_out(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(FILES))
    way = data.draw(st.sampled_from(leaves(path)))

    def drop(value: Any) -> None:
        for step in way[:-1]:
            value = value[step]
        del value[way[-1]]

    assert report_json(verified(changed(drop, path, pack())))["kind"] == "pack"
