"""Manifests and statements whose parts do not fit each other (S14.2, S14.3)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.verifier.pack.pack_files import resigned, unpacked
from tests.verifier.pack.pack_world import (
    CONSENTS,
    DISPUTE,
    PRESERVATION,
    Dispute,
    changed,
    genuine_pack,
    opening_json,
    verified,
)
from tests.verifier.world import ANCHOR, RIGHTS
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.dispute import parse_opening
from yinzheng.verifier.pack.chain_slots import anchor_slots, consents_slots, preservation_slots, rights_slots
from yinzheng.verifier.pack.contents import parse_statements
from yinzheng.verifier.pack.manifest import parse_manifest, signed_message

LONE_PROOF = {"path": "dossier/0001/proof.json", "role": "dossier-proof"}
Edit = Callable[[dict[str, Any]], object]


def manifest_json() -> dict[str, Any]:
    value: dict[str, Any] = json.loads(unpacked(genuine_pack())["manifest.json"])
    return value


def test_a_manifest_reads_as_it_was_written() -> None:
    data = unpacked(genuine_pack())["manifest.json"]
    manifest = parse_manifest(data)
    assert manifest.canonical == data
    assert signed_message(data) == b"yinzheng/pack/1\n" + data
    assert [file.path for file in manifest.of_role("trust")] == ["trust.json"]


CASES: list[tuple[str, str, Edit]] = [
    ("another format", "field-value", lambda v: v.update(format="yinzheng/pack/2")),
    ("a gap in the numbers", "manifest-items", lambda v: v["items"][1].update(number=3)),
    ("an item twice", "manifest-items", lambda v: v["items"][1].update(leaf=v["items"][0]["leaf"])),
    ("a root of other items", "manifest-roots", lambda v: v["roots"][0].update(root="11" * 32)),
    ("roots that shrink", "manifest-roots", lambda v: v["roots"].reverse()),
    ("a root twice", "manifest-roots", lambda v: v["roots"].insert(0, v["roots"][0])),
    ("items without a root", "manifest-roots", lambda v: v["roots"].pop()),
    ("roots of no items", "manifest-roots", lambda v: v.update(items=[])),
    ("files in disorder", "manifest-files", lambda v: v["files"].reverse()),
    ("a file twice", "manifest-files", lambda v: v["files"].insert(0, v["files"][0])),
    ("a role of another path", "manifest-files", lambda v: v["files"][0].update(role="trust")),
    ("nothing required", "manifest-files", lambda v: v["files"].pop(0)),
    ("an item's file of a withheld item", "manifest-files", lambda v: v["items"][0].update(disclosed=False)),
    (
        "a dossier's proof without its file",
        "manifest-files",
        lambda v: v["files"].insert(
            2, {**v["files"][0], "path": "dossier/0001/proof.json", "role": "dossier-proof"}
        ),
    ),
    ("up and away", "manifest-files", lambda v: v["files"][0].update(path="../HOWTO.txt")),
]


@pytest.mark.parametrize(("code", "edit"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_manifests_that_are_refused(code: str, edit: Edit) -> None:
    value = manifest_json()
    edit(value)
    with pytest.raises(DataFault) as caught:
        parse_manifest(dumps(value))
    assert caught.value.code == code


def test_a_manifest_is_canonical() -> None:
    with pytest.raises(DataFault) as caught:
        parse_manifest(json.dumps(manifest_json()).encode())
    assert caught.value.code == "json-not-canonical"


def statements_json() -> list[dict[str, Any]]:
    value: list[dict[str, Any]] = json.loads(unpacked(genuine_pack())["statements.json"])
    return value


STATEMENTS: list[tuple[str, str, Callable[[list[dict[str, Any]]], object]]] = [
    ("out of order", "statements-order", lambda v: v.reverse()),
    ("twice", "statements-order", lambda v: v.insert(0, v[0])),
    ("a public body with a secret", "statement-secret", lambda v: v[0].update(secret="11" * 32)),
    ("evidence with a body", "statement-secret", lambda v: v[1].update(body={})),
    ("a private body without secret", "statement-secret", lambda v: v[2].update(secret=None)),
    ("a secret without body", "statement-secret", lambda v: v[2].update(body=None)),
    ("a body that is a list", "field-type", lambda v: v[2].update(body=[])),
    ("no proof", "proof-malformed", lambda v: v[0].update(proof="none")),
]


@pytest.mark.parametrize(("code", "edit"), [c[1:] for c in STATEMENTS], ids=[c[0] for c in STATEMENTS])
def test_statements_that_are_refused(code: str, edit: Callable[[list[dict[str, Any]]], object]) -> None:
    value = statements_json()
    assert [entry["statement"]["type"] for entry in value[:3]] == [
        "certificate.deposited",
        "dispute.evidence",
        "dispute.opened",
    ]
    edit(value)
    with pytest.raises(DataFault) as caught:
        parse_statements(dumps(value))
    assert caught.value.code == code


def test_small_files_have_their_limits() -> None:
    files = unpacked(genuine_pack())
    report = verified(resigned({**files, "items/0001/item.json": b" " * 40_000}))
    found = {(reason.where, reason.obligation, reason.code) for reason in report.faults()}
    assert ("items/0001/item.json", 1, "pack-file-too-large") in found


def test_a_withheld_body_of_the_public_kind() -> None:
    report = verified(changed(lambda value: value[0].update(body=None), "statements.json"))
    assert not report.faults()
    assert "withheld" in {reason.code for reason in report.limits}


def test_a_writer_is_told_all_slots_a_pack_needs() -> None:
    dispute = Dispute()
    plan = dispute.plan()
    subjects = parse_opening(opening_json()).subjects
    storage = dispute.storage()
    roots = [listed.root for listed in plan.roots]
    assert set(preservation_slots(DISPUTE, 2, subjects, roots)) == set(storage[PRESERVATION])
    assert set(rights_slots(subjects)) == set(storage[RIGHTS])
    assert set(consents_slots(subjects)) == set(storage[CONSENTS])
    assert anchor_slots([len(dispute.leaves)] * 2) == list(storage[ANCHOR])
