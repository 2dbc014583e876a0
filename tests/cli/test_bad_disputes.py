"""Bad input about disputes, evidence and packs, as users send it: refused in words, nothing recorded."""

from __future__ import annotations

import copy
import http.client
import io
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.cli.commands import run
from tests.cli.rights_world import DISPUTES, PHOTO, Scene, item_path, org, plan, require_quiet, said_well
from tests.desk.calls import signed
from tests.ledger.consent_world import CLINIC, KEYS, LAB, Json
from tests.ledger.disputes.court import FIRST, SECOND, address, claim
from tests.verifier.pack.pack_files import unpacked, zipped
from tests.verifier.pack.pack_world import genuine_pack, pack_trust
from yinzheng.ledger.disputes.signing import sign_typed
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.request import HEADER

MEDIA = "application/vnd.yinzheng.item"
NOBODY = "00" * 32
BOMB_SIZE = 64 * 1024 * 1024


def test_disputes_about_nothing(rights: Scene, tmp_path: Path) -> None:
    bad: tuple[tuple[Json, int, str], ...] = (
        (plan(consents=[NOBODY]), 400, "dispute-subject-unknown"),
        (plan(certificates=["SJ4412026000001"]), 400, "dispute-subject-unknown"),
        (plan(cases=["C-2026-999999"]), 400, "dispute-subject-unknown"),
        (plan(), 400, "dispute-subjects"),
        (plan(consents=["zz"]), 422, "field-value"),
        (plan(consents=[NOBODY], forum={"name": "某诊所", "code": CLINIC}), 400, "dispute-forum-is-party"),
    )
    with rights.nothing_recorded():
        for body, status, code in bad:
            rights.refuses(rights.desk.call("POST", DISPUTES, body, org=CLINIC), status, code)
        file = tmp_path / "plan.json"
        file.write_bytes(dumps(plan(consents=[NOBODY])))
        org(rights, "dispute", "open", file, code="dispute-subject-unknown", exit_code=2)


def test_items_over_the_limits(rights: Scene) -> None:
    now = int(time.time()) - 5
    with rights.nothing_recorded():
        for head, number, who, status, code in (
            (dumps({**claim(now), "title": PHOTO * 10}), 2, CLINIC, 422, "body-too-large"),
            (dumps({**claim(now), "captured_at": now + 3600}), 2, CLINIC, 422, "item-time"),
            (
                dumps({**claim(now), "size": 9, "digest": digest_pair(b"y").to_json()}),
                2,
                CLINIC,
                422,
                "item-digest",
            ),
            (dumps(claim(now)), 1001, CLINIC, 409, "dispute-moved"),
            (dumps(claim(now)), 2, LAB, 404, "dispute-unknown"),
        ):
            got = rights.desk.call("PUT", item_path(rights, number), head + b"\nx", org=who, media=MEDIA)
            rights.refuses(got, status, code)
        # Five gigabytes announced: refused before they are sent.
        at = urlsplit(rights.desk.url)
        connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=30)
        connection.putrequest("PUT", item_path(rights))
        connection.putheader(HEADER, signed(rights.desk, "PUT", item_path(rights), b"", org=CLINIC))
        connection.putheader("Content-Type", MEDIA)
        connection.putheader("Content-Length", str(5 << 30))
        connection.endheaders()
        answer = connection.getresponse()
        problem = json.loads(answer.read())
        connection.close()
        assert (answer.status, problem["code"]) == (413, "too-large")
        said_well(problem["message"], problem["hint"])


def test_one_party_alone_releases_nothing(rights: Scene) -> None:
    path = f"{DISPUTES}/{rights.dispute}/release"
    both = [address(FIRST).hex(), address(SECOND).hex()]
    deal = {"kind": "settlement", "document": digest_pair(b"deal").to_json(), "reference": "和解协议"}

    def call(tail: str, body: Json) -> Any:
        return rights.desk.call("POST", path + tail, body, org=CLINIC)

    with rights.nothing_recorded():
        rights.refuses(call("", {"kind": "settlement", "signatures": ["11" * 65]}), 400, "dispute-no-draft")
        for signers, code in ((both[:1], "release-one-party"), ([both[0], "77" * 20], "release-stranger")):
            rights.refuses(call("/prepare", {**deal, "signers": signers}), 400, code)
        rights.refuses(
            call("/prepare", {**deal, "kind": "document", "signers": both}), 403, "dispute-standing"
        )
        prepared = call("/prepare", {**deal, "signers": both})
        assert prepared.status == 200
        one = sign_typed(prepared.json, EthereumKey(bytes(FIRST.key))).hex()
        for signatures in ([one], [one, one]):
            rights.refuses(
                call("", {"kind": "settlement", "signatures": signatures}), 400, "release-one-party"
            )
        broken = {"kind": "settlement", "signatures": [one, "11" * 65]}
        rights.refuses(call("", broken), 422, "approval-malformed")
        rights.refuses(call("", {"kind": "settlement", "signatures": []}), 422, "field-value")
    shown = rights.desk.call("GET", f"{DISPUTES}/{rights.dispute}", org=CLINIC).json
    assert shown["state"] == "open"


# ---------------------------------------------------------------- bombs and packs


def bomb() -> bytes:
    """64 KiB that would unpack to 64 MiB."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(BOMB_SIZE))
    return out.getvalue()


def test_a_bomb_stays_an_item_of_bytes(rights: Scene, tmp_path: Path) -> None:
    content = bomb()
    sent = dumps(claim(int(time.time()) - 5, title="压缩包")) + b"\n" + content
    got = rights.desk.call("PUT", item_path(rights), sent, org=CLINIC, media=MEDIA)
    assert (got.status, got.json["size"]) == (201, len(content)), got.body
    pack = tmp_path / "case.zip"
    for _ in range(40):
        got = rights.desk.call("GET", f"{DISPUTES}/{rights.dispute}/pack", org=CLINIC)
        if got.status == 200:
            break
        assert got.code == "pack-unsettled"
        time.sleep(0.5)
    pack.write_bytes(got.body)
    with zipfile.ZipFile(pack) as archive:
        assert archive.read("items/0002/content") == content
    said = run("verify", pack, "--trust", rights.trust(), "--lang", "en")
    assert (said.code, "Consistent: the evidence shown" in said.out) == (0, True), said.out[:500]


def entries(pack: bytes) -> list[tuple[str, bytes]]:
    return list(unpacked(pack).items())


def deflated(pack: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries(pack):
            archive.writestr(name, content)
        archive.writestr("items/0009/content", bytes(BOMB_SIZE))
    return out.getvalue()


PACKS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut off": (lambda pack: pack[:-100], "zip-truncated"),
    "cut in the middle": (lambda pack: pack[: len(pack) // 2], "zip-truncated"),
    "compressed, with a bomb": (deflated, "zip-compressed"),
    "a bomb": (lambda _: bomb(), "zip-entries"),
    "one file more": (lambda pack: zipped([*entries(pack), ("zzz/extra", b"x")]), "pack-extra-file"),
    "two manifests": (lambda pack: zipped([entries(pack)[0], *entries(pack)]), "zip-two-manifests"),
    "one file less": (lambda pack: zipped(entries(pack)[:-1]), "pack-missing-file"),
    "bytes after the end": (lambda pack: pack + b"x", "zip-trailing"),
}


def written_trust(tmp_path: Path, **changes: Any) -> Path:
    kept: list[dict[str, Any]] = []
    pack_trust(kept.append)
    policy = copy.deepcopy(kept[0])
    policy["issuers"][0] |= changes
    path = tmp_path / "trust.json"
    path.write_text(json.dumps(policy), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", PACKS)
def test_packs_that_are_none(name: str, tmp_path: Path) -> None:
    make, code = PACKS[name]
    file = tmp_path / "case.zip"
    file.write_bytes(make(genuine_pack()))
    trust = written_trust(tmp_path)
    value = run("verify", file, "--trust", trust, "--json")
    # A file too many or too few is not what the issuer signed; all else was repacked or damaged.
    compared = code.startswith("pack-")
    exit_code, answer = (1, "inconsistent") if compared else (3, "undetermined")
    assert (value.code, value.json["answer"]) == (exit_code, answer)
    assert value.json["verdict"]["word"] == ("forged" if compared else "not_ours")
    assert value.json["obligations"][0]["code"] == code
    assert {one["outcome"] for one in value.json["obligations"][2:]} == {"SKIPPED"}
    for language, begins in (("zh", "不一致" if compared else "不是"), ("en", "Inc" if compared else "Not")):
        said = run("verify", file, "--trust", trust, "--lang", language)
        assert (said.code, said.out.startswith(begins)) == (exit_code, True), said.out
        (place,) = {line for line in said.out.splitlines() if "(1): " in line}
        assert ("。请" if language == "zh" else ". ") in place
        require_quiet(said.out + said.err)


def test_a_pack_of_another_registry(tmp_path: Path) -> None:
    file = tmp_path / "case.zip"
    file.write_bytes(genuine_pack())
    theirs = written_trust(tmp_path, registry={"name": "另一登记机构", "code": LAB})
    for language, words in (
        ("zh", "所载登记机构不是该密钥所属机构。"),
        ("en", "The key belongs to another registry"),
    ):
        said = run("verify", file, "--trust", theirs, "--lang", language)
        assert (said.code, f"pack (3): {words}" in said.out) == (1, True), said.out[:500]
    point = KEYS[LAB].public_key.point
    unknown = written_trust(tmp_path, key=point.hex(), kid=key_id(point).hex())
    said = run("verify", file, "--trust", unknown, "--json")
    assert (said.code, said.json["verdict"]["word"]) == (3, "not_ours")
    assert [one["number"] for one in said.json["obligations"] if one["outcome"] == "INVALID"] == [2]
