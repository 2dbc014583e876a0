"""Files that commands are given: as editors save them, and no larger than any of their kind."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.ledger.world import dossier
from tests.verifier.bodies import notice
from tests.verifier.world import trust_json
from yinzheng.api.cli.files import digest_of, read_json
from yinzheng.api.cli.policy import read_policy
from yinzheng.api.cli.registry.common import read_operators_file
from yinzheng.api.org.notices import read_notice
from yinzheng.ledger.dossiers.application import examine
from yinzheng.ledger.dossiers.checklist import parse_checklist
from yinzheng.verifier.bytes.canonical import dumps, loads, saved
from yinzheng.verifier.errors import DataFault, UsageFault

OPERATOR = [{"name": "某法院", "code": "12440101MB2HP00007", "validators": ["11" * 20]}]
READERS: dict[str, tuple[Callable[[Path], bytes], Callable[[Path], Any]]] = {
    "any": (lambda _: b'{"a": 1}', lambda file: read_json(file, 100)),
    "policy": (lambda _: json.dumps(trust_json()).encode(), read_policy),
    "operators": (lambda _: dumps(OPERATOR), read_operators_file),
    "notice": (lambda _: dumps(notice()), read_notice),
    "checklist": (
        lambda _: b'{"format":"yinzheng/checklist/1","answers":[],"flags":[]}',
        lambda file: parse_checklist(file.read_bytes()),
    ),
    "application": (
        lambda folder: (dossier(folder / "dossier") / "application.json").read_bytes(),
        lambda file: examine(file.read_bytes()).application,
    ),
}
"""Kinds of files that people write, and what reads each."""


@pytest.mark.parametrize("kind", READERS)
def test_a_byte_order_mark_means_nothing(tmp_path: Path, kind: str) -> None:
    make, read = READERS[kind]
    plain, marked, other = (tmp_path / name for name in ("plain", "marked", "other"))
    data = make(tmp_path)
    plain.write_bytes(data)
    marked.write_bytes(codecs.BOM_UTF8 + data)
    other.write_bytes(codecs.BOM_UTF16_LE + data.decode().encode("utf-16-le"))
    found, shown = read(marked), read(plain)
    if kind == "policy":  # whose digest is the file's
        assert found.issuers == shown.issuers
    else:
        assert found == shown
    with pytest.raises((DataFault, UsageFault)) as caught:
        read(other)
    assert "not UTF-8" in caught.value.message


def test_what_is_signed_has_no_mark() -> None:
    assert loads(saved(codecs.BOM_UTF8 + b"1"), max_bytes=9, canonical=True) == 1
    with pytest.raises(DataFault, match="malformed"):
        loads(codecs.BOM_UTF8 + b"1", max_bytes=9, canonical=True)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no devices here")
@pytest.mark.parametrize("kind", ["any", "policy", "operators"])
def test_what_has_no_end_is_too_large(tmp_path: Path, kind: str) -> None:
    sparse = tmp_path / "sparse"
    with sparse.open("wb") as file:
        file.truncate(1 << 40)
    for endless in (sparse, Path("/dev/zero")):
        with pytest.raises(UsageFault) as caught:
            READERS[kind][1](endless)
        assert caught.value.code == "file-large"
    with pytest.raises(DataFault, match="exceeds"):
        read_notice(sparse)


def test_what_is_no_file_is_said_to_be_missing(tmp_path: Path) -> None:
    for absent in (tmp_path, tmp_path / "absent", Path("/dev/null/x")):
        for kind, code in (("any", "file-missing"), ("policy", "trust-missing")):
            with pytest.raises(UsageFault) as caught:
                READERS[kind][1](absent)
            assert caught.value.code == code
    with pytest.raises(UsageFault, match="no file"):
        digest_of(Path("/dev/zero"))
