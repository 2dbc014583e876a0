"""What is cheap comes before what is dear: sizes, then the signature, then all else (S14.4; D14)."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.verifier.pack.court_world import policy
from tests.verifier.pack.pack_files import places, resigned, unpacked, zipped
from tests.verifier.pack.pack_world import NOW, Dispute, genuine_pack, pack_trust, verified
from tests.verifier.world import LOG_ED, STRANGER
from yinzheng.verifier.bytes.algorithms import Sm2PublicKey
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.judge.pack import checks, rules, verify
from yinzheng.verifier.judge.pack.verify import verify_pack
from yinzheng.verifier.judge.report import Authentic
from yinzheng.verifier.log.note import sign_note
from yinzheng.verifier.log.tlogproof import TlogProof
from yinzheng.verifier.pack.contents import MAX_HEADS, check_statements
from yinzheng.verifier.words.verdict import verdict

MIB = 1024 * 1024


class Counted(io.BytesIO):
    """A file that counts what is read of it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self.taken += len(piece)
        return piece


def kid() -> bytes:
    signer: str = json.loads(unpacked(genuine_pack())["manifest.json"])["signer"]
    return signer.encode()


def forged(manifest: bytes, entries: int = 0) -> bytes:
    """A pack that names the pinned issuer, who never signed it."""
    signature = unpacked(genuine_pack())["manifest.sig"]
    signed_off = manifest + b',"signer":"' + kid() + b'"}'
    names = [f"items/{number:04}/content" for number in range(1, entries + 1)]
    return zipped(
        [("manifest.json", signed_off), ("manifest.sig", signature), *((name, b"") for name in names)]
    )


UNSIGNED: dict[str, Callable[[], bytes]] = {
    "another registry's": lambda: Dispute(signer=STRANGER).pack(),
    "of as many entries as there may be": lambda: forged(b"{", 9_998),
    "with a manifest of lists": lambda: forged(b"[[]" + b",[]" * (8 * MIB // 3 - 100)),
    "with a manifest of brackets": lambda: forged(b"[" * (8 * MIB - 100)),
    "with another manifest": lambda: forged(b'{"items":[]'),
}


@pytest.mark.parametrize("name", UNSIGNED)
def test_nothing_dear_is_done_for_what_no_pinned_issuer_signed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Any:
        raise AssertionError("something in the pack was read")

    asked: list[bytes] = []

    def verified_once(self: Sm2PublicKey, message: bytes, signature: bytes) -> bool:
        asked.append(signature)
        return False

    data = UNSIGNED[name]()
    monkeypatch.setattr(checks, "parse_manifest", refuse)
    monkeypatch.setattr(rules, "read_contents", refuse)
    monkeypatch.setattr(Sm2PublicKey, "verify", verified_once)
    file = Counted(data)
    report = verify_pack(file, pack_trust(), now=NOW)
    assert report.finding(2).code in ("issuer-unknown", "signature-wrong")
    assert len(asked) <= 1
    with io.BytesIO(data) as whole:
        manifest = len(checks.layout_form(whole, verify.DEFAULT_LIMITS).manifest)
    # The manifest, the end of the file, its directory, and each header once.
    assert file.taken < manifest + 130_000 + 300 * data.count(b"PK\x01\x02")


LISTS = {
    "statements.json": b"[[]" + b",[]" * 11_000_000 + b"]",
    "chain.json": b'{"accounts":[],"headers":[""' + b',""' * 11_000_000 + b"]}",
}


@pytest.mark.parametrize("path", LISTS)
def test_a_list_of_millions_is_not_parsed(path: str) -> None:
    report = verified(resigned({**unpacked(genuine_pack()), path: LISTS[path]}))
    assert (path, 1, "json-too-large") in places(report)


def test_a_signed_manifest_of_too_many_values() -> None:
    def fill(manifest: dict[str, Any]) -> None:
        manifest["roots"] = [0] * 200_000

    report = verified(resigned(unpacked(genuine_pack()), fill))
    assert (report.finding(1).code, report.exit_code) == ("json-too-large", 3)
    assert (report.authentic, report.finding(2).code) == (Authentic.UNDETERMINED, "ok")
    assert "a form that is not known here" in verdict(report).headline.en


def test_heads_are_bounded() -> None:
    dispute = Dispute()
    first = dispute.plan().statements[0]
    found = []
    for at in range(MAX_HEADS + 1):
        note = sign_note(dispute.checkpoint.text, (replace(LOG_ED, name=f"log{at}"),))
        found.append(replace(first, proof=TlogProof(at, (), note)))
    check_statements(found[:-1])
    with pytest.raises(DataFault) as caught:
        check_statements(found)
    assert caught.value.code == "statements-heads"


PROGRAM = r"""
import json, re, sys, time
from yinzheng.verifier.judge.pack.verify import verify_pack
from yinzheng.verifier.judge.trust import parse_trust
from yinzheng.verifier.words.court.html import render_html
before = time.process_time()
with open(sys.argv[1], "rb") as file:
    report = verify_pack(file, parse_trust(sys.argv[2].encode()), now=int(sys.argv[3]), render=render_html)
seconds = time.process_time() - before
# Not `ru_maxrss`, which a process has from the one that started it.
peak = int(re.search(r"VmHWM:\s+(\d+) kB", open("/proc/self/status").read())[1])
print(json.dumps([str(report.verdict), peak / 1024, seconds]))
"""


@pytest.mark.parametrize(
    "make",
    [
        UNSIGNED["of as many entries as there may be"],
        UNSIGNED["with a manifest of lists"],
        lambda: resigned({**unpacked(genuine_pack()), "statements.json": LISTS["statements.json"]}),
        lambda: resigned({**unpacked(genuine_pack()), "chain.json": LISTS["chain.json"]}),
    ],
    ids=["entries", "manifest", "statements", "chain"],
)
def test_it_takes_little_memory_and_time(make: Callable[[], bytes], tmp_path: Path) -> None:
    path = tmp_path / "case.zip"
    path.write_bytes(make())
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path), dumps(policy()).decode(), str(NOW)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    verdict, mebibytes, seconds = json.loads(done.stdout)
    assert verdict == "inconsistent"
    assert mebibytes < 300
    assert seconds < 10, "of processor time; 0.3 where nothing else runs"
