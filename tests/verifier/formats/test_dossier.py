"""Files of a dossier disclosed one at a time: they belong, and tell nothing of the others."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinzheng.verifier.bytes.algorithms import digest_pair, hmac_pair, sm3
from yinzheng.verifier.bytes.canonical import JSON, dumps
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.dossier import (
    FileEntry,
    check_disclosure,
    committed,
    committed_form,
    disclose,
    parse_disclosure,
)
from yinzheng.verifier.log.statement import Statement, commit_private

SEED = bytes(range(32))
SECRET = bytes(range(100, 132))
ROLES = ("identity", "source", "assessment", "sample", "other")


def content(number: int) -> bytes:
    return b"page %d" % number


def body(files: int = 5) -> dict[str, Any]:
    return {
        "v": 2,
        "application": {"asset": "检验数据集", "validity_years": 3},
        "files": [
            {
                "path": f"资料/{number}.pdf",
                "role": ROLES[number % 5],
                "title": f"第{number}份材料",
                "size": len(content(number)),
                "digest": digest_pair(content(number)).to_json(),
            }
            for number in range(files)
        ],
        "seed": SEED.hex(),
    }


def statement(whole: dict[str, Any], kind: str = "application.received") -> Statement:
    return Statement(
        type=kind,
        profile="GD-HEALTH/1",
        subject=bytes(32),
        at=1_800_000_000,
        commitment=commit_private(SECRET, dumps(committed(whole))),
        prev=None,
        by="applicant",
    )


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises((DataFault, UsageFault)) as caught:
        action()
    return caught.value.code


def test_the_committed_form_is_that_of_the_specification() -> None:
    """Computed here as S10.8 says it, by the standard library alone but for SM3."""
    whole = body(3)

    def leaf(index: int) -> bytes:
        salt = hmac.digest(SEED, b"yinzheng/dossier-file/1\n" + index.to_bytes(4, "big"), "sha256")
        entry = {**whole["files"][index], "salt": salt.hex()}
        text = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(b"\x00" + text.encode()).digest()

    def node(left: bytes, right: bytes) -> bytes:
        return hashlib.sha256(b"\x01" + left + right).digest()

    key = hmac.digest(SEED, b"yinzheng/dossier-application/1", "sha256")
    application = '{"asset":"检验数据集","validity_years":3}'.encode()
    inner = sm3(bytes(b ^ 0x36 for b in key.ljust(64, b"\0")) + application)
    form: dict[str, Any] = committed(whole)
    assert form == {
        "v": 2,
        "application": {
            "sha256": hmac.digest(key, application, "sha256").hex(),
            "sm3": sm3(bytes(b ^ 0x5C for b in key.ljust(64, b"\0")) + inner).hex(),
        },
        "files": {"count": 3, "root": node(node(leaf(0), leaf(1)), leaf(2)).hex()},
    }


@given(st.integers(1, 70), st.data())
def test_every_file_can_be_disclosed(files: int, data: st.DataObject) -> None:
    whole = body(files)
    index = data.draw(st.integers(0, files - 1))
    given_out = json.loads(json.dumps(disclose(whole, index).to_json()))
    entry = check_disclosure(statement(whole), SECRET, committed(whole), parse_disclosure(given_out))
    assert entry.to_json() == whole["files"][index]
    entry.check_content([content(index)[:3], content(index)[3:]])


def test_a_supplement_is_a_dossier_too() -> None:
    whole = body()
    held = statement(whole, "supplement.given")
    assert check_disclosure(held, SECRET, committed(whole), disclose(whole, 4)).path == "资料/4.pdf"


def test_the_type_of_the_statement_decides_what_is_committed() -> None:
    whole: JSON = body()
    assert committed_form("application.received", whole) == committed_form("supplement.given", whole)
    assert committed_form("application.received", whole) == committed(whole)
    assert committed_form("review.recorded", whole) is whole


@pytest.mark.parametrize("files", [2, 3, 7, 64])
def test_nothing_of_the_others_is_shown(files: int) -> None:
    """All that is handed out of one dossier, searched for whatever belongs to its other files."""
    whole = body(files)
    shown = json.dumps([SECRET.hex(), committed(whole), disclose(whole, 1).to_json()], ensure_ascii=False)
    assert SEED.hex() not in shown
    assert application_key(whole).hex() not in shown
    assert "检验数据集" not in shown
    for index, file in enumerate(whole["files"]):
        if index != 1:
            salt = disclose(whole, index).salt.hex()
            unsalted = hashlib.sha256(b"\x00" + dumps(file)).hexdigest()
            traces = (file["path"], file["title"], *file["digest"].values(), salt, unsalted)
            assert not [trace for trace in traces if trace in shown]


def test_another_file_changes_only_root_and_path() -> None:
    before, after = body(), body()
    after["files"][3] |= {"title": "另一份", "digest": digest_pair(b"another page").to_json(), "size": 12}
    one, other = disclose(before, 0), disclose(after, 0)
    assert (one.index, one.entry, one.salt) == (other.index, other.entry, other.salt)
    # Files 2 and 3 are one subtree; the neighbour and the fifth file keep their hashes.
    assert [a == b for a, b in zip(one.path, other.path, strict=True)] == [True, False, True]
    assert committed(before)["application"] == committed(after)["application"]
    assert committed(before)["files"] != committed(after)["files"]


def test_what_is_shown_of_equal_dossiers_has_nothing_in_common() -> None:
    """Two people with the same files: another seed hides that they are the same."""
    one, other = body(), body() | {"seed": "5a" * 32}
    mine, theirs = disclose(one, 0), disclose(other, 0)
    assert not {mine.salt, *mine.path} & {theirs.salt, *theirs.path}
    assert committed(one)["application"] != committed(other)["application"]


def test_a_seed_does_not_follow_from_the_secret() -> None:
    """The disclosure hands the secret out; keys and salts must not be derivable from it."""
    guessed = {**body(), "seed": SECRET.hex()}
    assert disclose(guessed, 0).salt != disclose(body(), 0).salt
    assert application_key(guessed) != application_key(body())


WHOLE = body()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: d | {"index": 1}, "inclusion-proof"),
        (lambda d: d | {"index": 5}, "inclusion-proof"),
        (lambda d: d | {"salt": "00" * 32}, "inclusion-proof"),
        (lambda d: d | {"path": d["path"][:-1]}, "inclusion-proof"),
        (lambda d: d | {"path": [*d["path"], "00" * 32]}, "inclusion-proof"),
        (lambda d: d | {"path": d["path"][::-1]}, "inclusion-proof"),
        (lambda d: d | {"entry": d["entry"] | {"path": "资料/9.pdf"}}, "inclusion-proof"),
        (lambda d: d | {"entry": d["entry"] | {"role": "other"}}, "inclusion-proof"),
        (lambda d: d | {"entry": d["entry"] | {"title": "改"}}, "inclusion-proof"),
        (lambda d: d | {"entry": d["entry"] | {"size": 8}}, "inclusion-proof"),
        (lambda d: d | {"entry": d["entry"] | {"digest": digest_pair(b"x").to_json()}}, "inclusion-proof"),
        (lambda d: d | {"entry": WHOLE["files"][1]}, "inclusion-proof"),
        (lambda d: d | {"entry": d["entry"] | {"role": "secret"}}, "field-value"),
        (lambda d: d | {"entry": d["entry"] | {"more": 1}}, "field-unknown"),
        (lambda d: d | {"entry": d["entry"] | {"path": "a\nb"}}, "field-value"),
        (lambda d: d | {"path": ["00" * 32] * 11}, "field-value"),
        (lambda d: d | {"index": -1}, "field-value"),
        (lambda d: d | {"v": 2}, "field-value"),
        (lambda d: {name: d[name] for name in d if name != "salt"}, "field-missing"),
        (lambda d: d | {"count": 5}, "field-unknown"),
        (lambda d: None, "field-type"),
    ],
)
def test_a_changed_disclosure(change: Callable[[Any], object], code: str) -> None:
    altered = change(disclose(WHOLE, 0).to_json())
    held, form = statement(WHOLE), committed(WHOLE)
    assert code_of(lambda: check_disclosure(held, SECRET, form, parse_disclosure(altered))) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda form: form["files"].update(count=6), "commitment"),
        (lambda form: form["files"].update(root="00" * 32), "commitment"),
        (lambda form: form["application"].update(sm3="00" * 32), "commitment"),
        (lambda form: form["files"].update(count=0), "field-value"),
        (lambda form: form["files"].update(count=1001), "field-value"),
        (lambda form: form["files"].update(names=[]), "field-unknown"),
        (lambda form: form.update(v=1), "field-value"),
        (lambda form: form.pop("application"), "field-missing"),
    ],
)
def test_a_changed_committed_form(change: Callable[[Any], object], code: str) -> None:
    form = copy.deepcopy(committed(WHOLE))
    change(form)
    assert code_of(lambda: check_disclosure(statement(WHOLE), SECRET, form, disclose(WHOLE, 0))) == code


def test_another_secret_or_another_statement() -> None:
    held, form, shown = statement(WHOLE), committed(WHOLE), disclose(WHOLE, 2)
    assert code_of(lambda: check_disclosure(held, bytes(32), form, shown)) == "commitment"
    assert code_of(lambda: check_disclosure(held, SECRET[1:], form, shown)) == "commitment-key"
    other = statement(body(4))
    assert code_of(lambda: check_disclosure(other, SECRET, form, shown)) == "commitment"
    review = statement(WHOLE, "review.recorded")
    assert code_of(lambda: check_disclosure(review, SECRET, form, shown)) == "dossier-statement"


def application_key(whole: dict[str, Any]) -> bytes:
    """The key of S10.8 under which the application is committed."""
    seed = bytes.fromhex(whole["seed"])
    return hmac.digest(seed, b"yinzheng/dossier-application/1", "sha256")


def test_the_application_alone() -> None:
    form = committed(WHOLE)
    whole = hmac_pair(application_key(WHOLE), dumps(WHOLE["application"]))
    assert form["application"] == whole.to_json()
    altered = WHOLE["application"] | {"validity_years": 5}
    assert form["application"] != hmac_pair(application_key(WHOLE), dumps(altered)).to_json()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"v": 1}, "field-value"),
        ({"seed": "00" * 31}, "field-value"),
        ({"application": []}, "field-type"),
        ({"files": []}, "field-value"),
        ({"more": 1}, "field-unknown"),
    ],
)
def test_a_body_that_is_none(change: dict[str, Any], code: str) -> None:
    assert code_of(lambda: committed(body() | change)) == code
    assert code_of(lambda: disclose(body() | change, 0)) == code


@pytest.mark.parametrize("index", [-1, 5])
def test_a_file_that_is_not_there(index: int) -> None:
    assert code_of(lambda: disclose(WHOLE, index)) == "file-unknown"


@pytest.mark.parametrize("pieces", [[], [b"page"], [b"page 3"], [b"page 2", b" "]])
def test_other_bytes(pieces: list[bytes]) -> None:
    entry: FileEntry = disclose(WHOLE, 2).entry
    entry.check_content([content(2)])
    assert code_of(lambda: entry.check_content(pieces)) == "file-differs"
