"""The steps of HOWTO.txt with nothing of ours: openssl, jq, and a few lines of Python (S14.2)."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.verifier.pack.pack_world import genuine_pack
from tests.verifier.world import ISSUER
from yinzheng.verifier.pack.howto import HOWTO

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the command openssl")


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("case")
    (folder / "case.zip").write_bytes(genuine_pack())
    with zipfile.ZipFile(folder / "case.zip") as archive:
        archive.extractall(folder)
    return folder


def openssl(case: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["openssl", *arguments], cwd=case, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


def manifest(case: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((case / "manifest.json").read_text("utf-8"))
    return value


def evidence(case: Path) -> dict[str, Any]:
    statements = json.loads((case / "statements.json").read_text("utf-8"))
    found = [entry for entry in statements if entry["statement"]["type"] == "dispute.evidence"]
    return dict(found[0])


def test_files_have_the_digests_of_the_manifest(case: Path) -> None:
    for file in manifest(case)["files"]:
        for name in ("sm3", "sha256"):
            said = openssl(case, "dgst", f"-{name}", "-r", file["path"])
            assert said.split()[0] == file["digest"][name]


def test_openssl_verifies_the_issuer_s_signature(case: Path) -> None:
    point = ISSUER.public_key.point
    der = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200") + point
    (case / "issuer.der").write_bytes(der)
    (case / "signed.bin").write_bytes(b"yinzheng/pack/1\n" + (case / "manifest.json").read_bytes())
    command = [
        "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "issuer.der", "-rawin", "-digest", "sm3",
        "-pkeyopt", "distid:1234567812345678", "-in", "signed.bin", "-sigfile", "manifest.sig",
    ]  # fmt: skip
    assert "Verified Successfully" in openssl(case, *command)


def test_openssl_opens_the_commitment_of_an_item(case: Path) -> None:
    entry = evidence(case)
    for name in ("sha256", "sm3"):
        key = f"hexkey:{entry['secret']}"
        said = openssl(case, "dgst", f"-{name}", "-mac", "HMAC", "-macopt", key, "-r", "items/0001/item.json")
        assert said.split()[0] == entry["statement"]["commitment"][name]


def test_the_leaf_of_an_item_is_computed_by_anyone(case: Path) -> None:
    canonical = json.dumps(evidence(case)["statement"], sort_keys=True, separators=(",", ":")).encode()
    assert hashlib.sha256(b"\0" + canonical).hexdigest() == manifest(case)["items"][0]["leaf"]


@pytest.mark.skipif(shutil.which("jq") is None, reason="needs the command jq")
def test_the_leaf_of_an_item_by_jq(case: Path) -> None:
    line = r"(printf '\000'; jq -cjS '.[1].statement' statements.json) | sha256sum"
    done = subprocess.run(
        ["sh", "-c", line], cwd=case, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split()[0] == manifest(case)["items"][0]["leaf"]


def test_the_root_of_evidence_is_computed_by_anyone(case: Path) -> None:
    def root(leaves: list[bytes]) -> bytes:
        if len(leaves) == 1:
            return leaves[0]
        split = 1 << ((len(leaves) - 1).bit_length() - 1)
        return hashlib.sha256(b"\1" + root(leaves[:split]) + root(leaves[split:])).digest()

    said = manifest(case)
    leaves = [bytes.fromhex(item["leaf"]) for item in said["items"]]
    for listed in said["roots"]:
        assert root(leaves[: listed["size"]]).hex() == listed["root"]


def test_the_text_in_the_pack_is_ours(case: Path) -> None:
    assert (case / "HOWTO.txt").read_text("utf-8") == HOWTO
    assert "-pkeyopt distid:1234567812345678" in HOWTO
