"""`yinzheng verify --against KEPT`: one history, a fork, or nobody knows; and an invented chain (S9.8)."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import rlp
from trie.hexary import HexaryTrie

from tests.cli.commands import Said, refused, run
from tests.cli.conftest import Demonstration
from tests.listening import Quiet, listening
from yinzheng.ledger.keys.keystore import Keystore
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.chain.holdings import holdings_digest, holdings_of
from yinzheng.verifier.chain.layout import IN_FORCE, record_slots, root_slot
from yinzheng.verifier.chain.rlp import decode_item, encode_item
from yinzheng.verifier.containers import target
from yinzheng.verifier.containers.certfile import format_file
from yinzheng.verifier.formats.body import parse_body
from yinzheng.verifier.formats.certificate import encode_qr, statement_of
from yinzheng.verifier.judge.trust import parse_trust
from yinzheng.verifier.log.merkle import root_from_leaves
from yinzheng.verifier.log.note import Checkpoint, peek_checkpoint, sign_checkpoint
from yinzheng.verifier.log.statement import certificate_subject
from yinzheng.verifier.log.tiles import split_tile
from yinzheng.verifier.log.tlogproof import TlogProof


def keys(demonstration: Demonstration) -> Keystore:
    folder = demonstration.state / "keys"
    return Keystore(folder, (folder / "passphrase").read_bytes().strip())


def leaves(demonstration: Demonstration) -> list[bytes]:
    log = demonstration.state / "log"
    size = peek_checkpoint((log / "checkpoint").read_bytes()).size
    return split_tile((log / "tile" / "0" / f"000.p/{size}").read_bytes())


def head(demonstration: Demonstration, hashes: list[bytes], file: Path) -> Path:
    """What somebody kept when the log was so."""
    origin = parse_trust(demonstration.trust.read_bytes()).origin
    checkpoint = Checkpoint(origin, len(hashes), root_from_leaves(hashes))
    file.write_text(sign_checkpoint(checkpoint, keys(demonstration).log_signers(origin)), encoding="utf-8")
    return file


def against(demonstration: Demonstration, shown: object, kept: object, *options: object) -> Said:
    return run("verify", shown, "--trust", demonstration.trust, "--against", kept, "--json", *options)


def outcome(said: Said) -> tuple[int, str]:
    return said.code, said.json["against"]["code"]


@contextmanager
def served(folder: Path) -> Iterator[str]:
    class Handler(Quiet, SimpleHTTPRequestHandler):
        pass

    with listening(partial(Handler, directory=str(folder))) as url:
        yield f"{url}/"


def test_what_was_kept_is_of_the_same_log(demonstration: Demonstration, tmp_path: Path) -> None:
    kept = head(demonstration, leaves(demonstration)[:5], tmp_path / "kept")
    log = demonstration.state / "log"
    for suffix in ("json", "pdf"):
        file = demonstration.file(suffix)
        assert outcome(against(demonstration, file, kept, "--log", log)) == (0, "against-extended")
    both = against(demonstration, demonstration.file("json", 1), demonstration.file("pdf"), "--log", log)
    assert both.json["against"]["relation"] == "consistent"
    with served(log) as url:
        assert outcome(against(demonstration, file, kept, "--log", url)) == (0, "against-extended")
    with_state = against(demonstration, file, kept, "--state", demonstration.state)
    assert outcome(with_state) == (0, "against-extended")
    assert with_state.json["authentic"] == "genuine"


def test_two_heads_alone(demonstration: Demonstration, tmp_path: Path) -> None:
    all_ = leaves(demonstration)
    first, second = (head(demonstration, all_[:n], tmp_path / str(n)) for n in (3, 7))
    log = ("--log", demonstration.state / "log")
    said = against(demonstration, second, first, *log)
    assert (said.code, list(said.json)) == (0, ["against"])
    words = run("verify", second, "--trust", demonstration.trust, "--against", first, *log, "--lang", "en")
    assert words.out.startswith("Of one log")
    assert "3 entries" in words.out
    assert "7 entries" in words.out
    other = head(demonstration, [*all_[:2], bytes(32)], tmp_path / "other")
    assert outcome(against(demonstration, other, first)) == (1, "against-same-size")
    assert outcome(against(demonstration, second, other, *log)) == (1, "against-not-extended")


def test_what_cannot_be_compared(demonstration: Demonstration, tmp_path: Path) -> None:
    file = demonstration.file("pdf")
    kept = head(demonstration, leaves(demonstration)[:5], tmp_path / "kept")
    assert outcome(against(demonstration, file, kept)) == (3, "against-no-log")
    for where in (tmp_path / "nowhere", "http://127.0.0.1:9/log"):
        assert outcome(against(demonstration, file, kept, "--log", where)) == (3, "against-log-unreachable")
    short = tmp_path / "short"
    shutil.copytree(demonstration.state / "log", short)
    (short / "checkpoint").write_bytes(kept.read_bytes())
    assert outcome(against(demonstration, file, kept, "--log", short)) == (3, "against-log-smaller")
    spoilt = tmp_path / "spoilt"
    shutil.copytree(demonstration.state / "log", spoilt)
    tile = spoilt / "tile" / "0" / "000.p" / str(len(leaves(demonstration)))
    tile.write_bytes(bytes(32) + tile.read_bytes()[32:])
    assert outcome(against(demonstration, file, kept, "--log", spoilt)) == (3, "against-log-tiles")
    none = tmp_path / "hello.txt"
    none.write_text("hello")
    assert outcome(against(demonstration, file, none)) == (3, "against-kept-none")
    assert outcome(against(demonstration, demonstration.file("png"), kept)) == (3, "against-shown-none")
    base = ("verify", file, "--trust", demonstration.trust)
    for missing in (tmp_path / "no", tmp_path, file / "x"):
        refused(*base, "--against", missing, code="file-missing", exit_code=2)
    refused(*base, "--log", short, code="usage-source", exit_code=2)
    for url in ("ftp://x/log", "http://", "https://x/log?a", "http://a b/log", "http://a/l og"):
        refused(*base, "--against", kept, "--log", url, code="log-url", exit_code=2)
    refused("verify", "-", *base[2:], "--against", kept, code="against-stdin", exit_code=2)


def test_the_log_is_asked_though_both_rest_on_one_head(demonstration: Demonstration, tmp_path: Path) -> None:
    file = demonstration.file("json")
    assert outcome(against(demonstration, file, file)) == (0, "against-same-head")
    log = demonstration.state / "log"
    assert outcome(against(demonstration, file, file, "--log", log)) == (0, "against-same-head")
    for where in (tmp_path / "nowhere", "http://127.0.0.1:9/log"):
        assert outcome(against(demonstration, file, file, "--log", where)) == (3, "against-log-unreachable")
    rewritten = tmp_path / "rewritten"
    hashes = [bytes(32), *leaves(demonstration)[1:]]
    head(demonstration, hashes, Path(shutil.copytree(log, rewritten)) / "checkpoint")
    (rewritten / "tile" / "0" / "000.p" / str(len(hashes))).write_bytes(b"".join(hashes))
    assert outcome(against(demonstration, file, file, "--log", rewritten)) == (1, "against-not-extended")


def test_files_are_taken_apart_elsewhere(
    demonstration: Demonstration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PDF files and pictures go to a bounded process of their own, what was kept as what is checked."""

    def here(*_: object) -> bytes:
        raise AssertionError("in this process")

    monkeypatch.setattr(target, "extract_file", here)
    monkeypatch.setattr(target, "find_qr", here)
    pdf, png = demonstration.file("pdf"), demonstration.file("png")
    assert outcome(against(demonstration, pdf, pdf)) == (0, "against-same-head")
    assert outcome(against(demonstration, pdf, png)) == (3, "against-kept-none")
    assert outcome(against(demonstration, png, pdf)) == (3, "against-shown-none")


# ---------------------------------------------------------------- an operator with all keys


def put(into: HexaryTrie, key: bytes, value: bytes) -> None:
    into[keccak256(key)] = rlp.encode(value)


def big(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def invented(demonstration: Demonstration) -> bytes:
    """A certificate nobody published, approved or deposited, on a block and a log made for it.

    From the first version's `invented_chain.py`.
    """
    trust, own = parse_trust(demonstration.trust.read_bytes()), keys(demonstration)
    real: dict[str, Any] = json.loads(demonstration.file("json").read_bytes())
    at = int(real["record"]["registered_at"])
    number = demonstration.numbers[0][:-4] + "0777"
    record = {**real["record"], "number": number, "registered_at": at, "asset": "从未公示的数据集"}
    body = parse_body({**record, "valid_until": at + 3 * 365 * 86_400, "prev": "ab" * 32})
    statement = statement_of(body)
    leaf = statement.leaf_hash
    note = sign_checkpoint(Checkpoint(trust.origin, 1, leaf), own.log_signers(trust.origin))
    anchor, rights, state = HexaryTrie({}), HexaryTrie({}), HexaryTrie({})
    put(anchor, root_slot(1), leaf.lstrip(b"\0"))
    packed = shift = 0
    procedure = 1 if body.procedure == "ordinary" else 2
    times = ((at, 8), (body.valid_until, 8), (at, 8))
    for value, width in ((IN_FORCE, 1), (procedure, 1), (0, 1), (0, 1), (0, 2), (0, 2), *times):
        packed |= value << shift
        shift += 8 * width
    slots = record_slots(certificate_subject(number))
    held = holdings_digest(holdings_of((holder.code, holder.rights) for holder in body.holders))
    words = (int.from_bytes(leaf, "big"), packed, 0, 0, 7, int.from_bytes(held, "big"), 0, 0)
    for slot, word in zip(slots, words, strict=True):
        if word:
            put(rights, slot, big(word))
    places = ((trust.anchor, anchor, [root_slot(1)]), (trust.rights, rights, slots))
    for contract, storage, _ in places:
        account = [b"\1", b"", storage.root_hash, contract.code_hash]
        state[keccak256(contract.address)] = rlp.encode(account)

    def nodes(of: Any, key: bytes) -> list[str]:
        return [rlp.encode(node).hex() for node in of.get_proof(keccak256(key))]

    accounts = [
        {
            "address": contract.address.hex(),
            "proof": nodes(state, contract.address),
            "storage": [{"slot": slot.hex(), "proof": nodes(storage, slot)} for slot in wanted],
        }
        for contract, storage, wanted in places
    ]
    header: Any = decode_item(bytes.fromhex(real["chain"]["headers"][0]), limit=1 << 14, what="a header")
    header = [*header]
    header[0], header[3], header[8], header[11] = (
        b"\x66" * 32,
        state.root_hash,
        big(7777),
        big(int(time.time())),
    )
    extra = header[12][:-65]
    seal = own.ethereum("validator").sign_digest(keccak256(encode_item([*header[:12], extra, *header[13:]])))
    header[12] = extra + seal
    chain: Any = {"headers": [encode_item(header).hex()], "accounts": accounts}
    return format_file(
        encode_qr(body, own.sm2("issuer"), "verify.example"), body, statement, TlogProof(0, (), note), chain
    )


def test_an_invented_chain_is_seen_by_whoever_kept_a_head(
    demonstration: Demonstration, tmp_path: Path
) -> None:
    """All proofs hold, for the operator has every key; the log that others know does not have that head."""
    file = tmp_path / "invented.json"
    file.write_bytes(invented(demonstration))
    believed = run("verify", file, "--trust", demonstration.trust, "--json")
    assert (believed.code, believed.json["authentic"]) == (0, "genuine"), believed.out
    kept = head(demonstration, leaves(demonstration)[:5], tmp_path / "kept")
    said = against(demonstration, file, kept, "--log", demonstration.state / "log")
    assert outcome(said) == (1, "against-not-extended")
    for other in (demonstration.file("json"), demonstration.file("pdf", 1)):
        found = against(demonstration, file, other, "--log", demonstration.state / "log")
        assert outcome(found) == (1, "against-not-extended")
    assert outcome(against(demonstration, file, kept)) == (3, "against-no-log")
    words = run(
        *("verify", file, "--trust", demonstration.trust, "--against", kept, "--lang", "en"),
        *("--log", demonstration.state / "log"),
    )
    assert words.out.startswith("The log forked or was rewritten")
