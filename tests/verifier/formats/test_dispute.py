"""Bodies of a dispute's opening and end, and the root of its evidence (S10.6b, S10.7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier.pack.pack_world import FORUM, PARTIES, opening_json, release_json
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.dispute import (
    MAX_OPENING,
    MAX_RELEASE,
    evidence_root,
    evidence_roots,
    parse_opening,
    parse_release,
)
from yinzheng.verifier.log.merkle import (
    consistency_path,
    inclusion_path,
    root_from_leaves,
    verify_consistency,
)


def test_an_opening_reads_as_it_was_written() -> None:
    value = opening_json(evidence_root="ab" * 32)
    opening = parse_opening(value)
    assert opening.to_json() == value
    assert len(opening.subjects) == 3
    assert opening.parties[0].key is None
    assert parse_opening(opening_json()).evidence_root is None


def test_a_party_may_open_with_evidence() -> None:
    value = opening_json(kind="party", opened_by=PARTIES[1].hex(), evidence_root="ab" * 32)
    assert parse_opening(value).to_json() == value


OPENINGS: list[tuple[str, str, Callable[[dict[str, Any]], object]]] = [
    ("unknown name", "field-unknown", lambda v: v.update(note="")),
    ("other version", "field-value", lambda v: v.update(v=2)),
    ("no parties", "field-value", lambda v: v.update(parties=[])),
    ("parties in disorder", "dispute-parties", lambda v: v["parties"].reverse()),
    ("a party twice", "dispute-parties", lambda v: v.update(parties=[v["parties"][0]] * 2)),
    ("a key off the curve", "sm2-key", lambda v: v["parties"][0].update(key="04" + "11" * 64)),
    ("no subject", "dispute-subjects", lambda v: v["subjects"].update(records=[], cases=[], consents=[])),
    (
        "too many subjects",
        "dispute-subjects",
        lambda v: v["subjects"].update(records=[f"{at:064x}" for at in range(63)]),
    ),
    ("a subject twice", "field-value", lambda v: v["subjects"].update(cases=["11" * 32] * 2)),
    ("a forum that is a party", "dispute-opener", lambda v: v.update(opened_by=PARTIES[0].hex())),
    (
        "a party that is none",
        "dispute-opener",
        lambda v: v.update(kind="party", opened_by=FORUM.hex(), evidence_root="11" * 32),
    ),
    (
        "a party without evidence",
        "dispute-root",
        lambda v: v.update(kind="party", opened_by=PARTIES[0].hex()),
    ),
    ("encoded bytes", "encoded-bytes", lambda v: v.update(number="A1" * 30)),
    ("a wrong credit code", "credit-code", lambda v: v["forum"].update(code="91350100M000100Y4Z")),
]


@pytest.mark.parametrize(("code", "edit"), [case[1:] for case in OPENINGS], ids=[c[0] for c in OPENINGS])
def test_openings_that_are_refused(code: str, edit: Callable[[dict[str, Any]], object]) -> None:
    value = opening_json()
    edit(value)
    with pytest.raises(DataFault) as caught:
        parse_opening(value)
    assert caught.value.code == code


def test_a_release_reads_as_it_was_written() -> None:
    assert parse_release(release_json()).to_json() == release_json()
    document = release_json(kind="document", signers=[FORUM.hex()], resumed=[])
    assert parse_release(document).to_json() == document


RELEASES: list[tuple[str, str, dict[str, Any]]] = [
    ("one party alone", "release-signers", {"signers": [PARTIES[0].hex()]}),
    ("a document of two", "release-signers", {"kind": "document"}),
    ("signers in disorder", "field-value", {"signers": [PARTIES[1].hex(), PARTIES[0].hex()]}),
    ("unknown kind", "field-value", {"kind": "agreement"}),
    ("resumed twice", "release-resumed", {"resumed": [{"subject": "11" * 32, "what": "retention"}] * 2}),
    ("resumed something else", "field-value", {"resumed": [{"subject": "11" * 32, "what": "sale"}]}),
]


@pytest.mark.parametrize(("code", "change"), [case[1:] for case in RELEASES], ids=[c[0] for c in RELEASES])
def test_releases_that_are_refused(code: str, change: dict[str, Any]) -> None:
    with pytest.raises(DataFault) as caught:
        parse_release(release_json(**change))
    assert caught.value.code == code


def test_the_largest_bodies_fit_their_bounds() -> None:
    parties = [
        {"name": "\U00020000" * 100, "code": "91350100M000100Y43", "account": f"{at + 1:040x}", "key": None}
        for at in range(16)
    ]
    subjects = {"records": [f"{at:064x}" for at in range(64)], "cases": [], "consents": []}
    opening = parse_opening(opening_json(parties=parties, subjects=subjects, evidence_root="11" * 32))
    # A key takes 130 characters where null takes 4.
    assert len(dumps(opening.to_json())) + 16 * 128 < MAX_OPENING
    resumed = [
        {"subject": f"{at:064x}", "what": what}
        for at in range(64)
        for what in ("amendment", "deposit", "destruction", "retention")
    ]
    release = release_json(signers=[f"{at:040x}" for at in range(16)], resumed=resumed)
    assert len(dumps(parse_release(release).to_json())) < MAX_RELEASE


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40))
def test_every_root_extends_the_ones_before(leaves: list[bytes]) -> None:
    roots = list(evidence_roots(leaves))
    assert roots == [root_from_leaves(leaves[: at + 1]) for at in range(len(leaves))]
    assert evidence_root(leaves) == roots[-1]

    def subtree(height: int, index: int) -> bytes:
        return root_from_leaves(leaves[index << height : (index + 1) << height])

    for size, root in enumerate(roots, start=1):
        path = consistency_path(size, len(leaves), subtree)
        verify_consistency(size, root, len(leaves), roots[-1], path)
    assert len(inclusion_path(0, len(leaves), subtree)) <= 6


def test_there_is_no_root_of_nothing() -> None:
    assert list(evidence_roots([])) == []
    with pytest.raises(DataFault) as caught:
        evidence_root([])
    assert caught.value.code == "evidence-empty"
