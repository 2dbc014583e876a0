"""Every command that HOWTO.txt and the report print is run, and `recheck.py` on packs good and bad."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.authority import Authority
from tests.verifier.pack.court_world import plan_of, policy
from tests.verifier.pack.pack_files import resigned, unpacked, zipped
from tests.verifier.pack.pack_world import CONTENTS, Dispute
from tests.verifier.pack.test_more import with_dossier
from tests.verifier.world import LOG_ED, ORIGIN
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.log.merkle import consistency_path, root_from_leaves
from yinzheng.verifier.log.note import Checkpoint, sign_note
from yinzheng.verifier.pack.contents import StampLink
from yinzheng.verifier.pack.howto import HOWTO, STEPS, recheck
from yinzheng.verifier.pack.writer import PackStamp

ROOT = Path(__file__).parents[3]
LOG_KEYS = Path(__file__).with_name("log-keys-with-plus-A.txt")
"""Keys of a log as a policy once had them; the second's base64 holds `+A` too."""
TOOLS = ("bash", "openssl", "jq", "unzip", "basenc", "sha256sum")

pytestmark = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in TOOLS), reason=f"needs {', '.join(TOOLS)}"
)


@cache
def pack() -> bytes:
    dispute = with_dossier()
    return dispute.pack(plan_of(dispute))


def laid_out(folder: Path, data: bytes) -> Path:
    """What a reader has: the pack, and a policy of their own."""
    (folder / "case.zip").write_bytes(data)
    (folder / "policy.json").write_text(json.dumps(policy()))
    return folder


def run(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run commands as a shell does that stops at the first failure."""
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": path, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def rechecked(folder: Path, data: bytes) -> subprocess.CompletedProcess[str]:
    """Run the published script, not the pack's, on a pack."""
    laid_out(folder, data)
    return run(folder, f"python3 {ROOT / 'docs' / 'recheck.py'} case.zip policy.json")


def test_every_command_of_the_howto_runs_in_its_order(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    dispute = Dispute()
    plan = plan_of(dispute)
    token = authority.stamp(sha256(dispute.signed_head.encode()).digest())
    folder = tmp_path / "court"
    folder.mkdir()
    earlier = sign_note(Checkpoint(ORIGIN, 1, dispute.leaves[0]).text, (LOG_ED,))
    path = tuple(consistency_path(1, len(dispute.leaves), partial(subtree, dispute.leaves)))
    stamps = {
        "checkpoint-1": PackStamp(token),
        "head-1": PackStamp(authority.stamp(sha256(earlier.encode()).digest()), StampLink(earlier, path)),
    }
    laid_out(folder, dispute.pack(replace(plan, timestamps=stamps)))
    (folder / "authority.pem").write_bytes(authority.root.pem)
    done = run(folder, "\n".join(command for step in STEPS for command in step.commands))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Signature Verified Successfully") == 2
    assert "all holds" in done.stdout
    assert (done.stdout + done.stderr).count("Verification: OK") == 2
    assert (folder / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def subtree(leaves: Sequence[bytes], height: int, index: int) -> bytes:
    return root_from_leaves(leaves[index << height : (index + 1) << height])


@pytest.mark.parametrize(
    ("step", "path"),
    [(1, "items/0001/content"), (2, "manifest.json"), (3, "items/0001/item.json"), (5, "statements.json")],
)
def test_the_commands_notice_what_was_changed(tmp_path: Path, step: int, path: str) -> None:
    laid_out(tmp_path, pack())
    first = [*STEPS[0].commands[:2]]
    spoil = f"printf ' ' >> {path}" if step != 5 else "sed -i 's/log.example/log.exampel/g' statements.json"
    done = run(tmp_path, "\n".join([*first, spoil, *(STEPS[step - 1].commands[2 if step == 1 else 0 :])]))
    assert done.returncode != 0


def test_the_text_names_every_command_and_says_so_in_both_languages() -> None:
    for step in STEPS:
        assert all(HOWTO.count(f"   {command}\n") == 2 for command in step.commands)
        assert step.text.zh in HOWTO
        assert step.text.en in HOWTO


def test_the_script_is_short_and_of_the_standard_library() -> None:
    text = recheck()
    assert text == (ROOT / "docs" / "recheck.py").read_text(encoding="utf-8")
    assert unpacked(pack())["recheck.py"] == text.encode()
    assert len(text.splitlines()) <= 120
    (imported,) = re.findall(r"^import (.*)$", text, re.MULTILINE)
    assert set(imported.split(", ")) <= sys.stdlib_module_names


def test_a_good_pack_holds(tmp_path: Path) -> None:
    done = rechecked(tmp_path, pack())
    assert done.returncode == 0, done.stdout + done.stderr
    for said in ("manifest.sig", "items/0003/content", "is in the log", "root of evidence", "dossier/0001"):
        assert f"ok    {said}" in done.stdout or said in done.stdout
    assert "WRONG" not in done.stdout


def test_a_pack_that_withholds_holds(tmp_path: Path) -> None:
    dispute = Dispute(withheld=frozenset({1}), withhold_opening=True)
    assert rechecked(tmp_path, dispute.pack(plan_of(dispute))).returncode == 0


def edited(path: str, edit: Callable[[Any], None]) -> bytes:
    """The pack with one JSON file changed, digests and signature made to fit."""
    files = unpacked(pack())
    value = json.loads(files[path])
    edit(value)
    return resigned({**files, path: dumps(value)})


def spoilt(content: bytes) -> bytes:
    at = pack().index(content)
    return pack()[:at] + bytes([pack()[at] ^ 1]) + pack()[at + 1 :]


def _secret(statements: Any) -> None:
    shown = next(one for one in statements if one["statement"]["type"] == "dispute.evidence")
    shown["secret"] = "00" * 32


def _body(statements: Any) -> None:
    opened = next(one for one in statements if one["statement"]["type"] == "dispute.opened")
    opened["body"]["number"] = "(2027)"


def _index(statements: Any) -> None:
    one = statements[-1]
    one["proof"] = re.sub(r"index \d+", "index 0", one["proof"], count=1)


def _head(statements: Any) -> None:
    for one in statements:
        one["proof"] = one["proof"].replace("\n\nlog.example.org\n", "\n\nlog.example.com\n")


def _swap(files: dict[str, bytes]) -> bytes:
    return resigned({**files, "items/0001/content": b"another"})


TAMPERED: dict[str, tuple[Callable[[], bytes], str]] = {
    "a byte of a content": (lambda: spoilt(CONTENTS[0]), "WRONG items/0001/content"),
    "another content, signed": (
        lambda: _swap(unpacked(pack())),
        "WRONG items/0001/item.json names its content",
    ),
    "a title, signed": (
        lambda: edited("items/0001/item.json", lambda v: v.update(title="别的")),
        "commits to its body",
    ),
    "a secret": (lambda: edited("statements.json", _secret), "commits to its body"),
    "the opening": (lambda: edited("statements.json", _body), "commits to its body"),
    "a place in the log": (lambda: edited("statements.json", _index), "is in the log"),
    "the log's head": (lambda: edited("statements.json", _head), "WRONG signatures of the checkpoint"),
    "a file of a dossier": (
        lambda: edited("dossier/0001/proof.json", lambda v: v["disclosure"].update(salt="00" * 32)),
        "WRONG dossier/0001 belongs",
    ),
    "the signer": (lambda: _by_stranger(), "WRONG manifest.sig"),
    "a file too many": (lambda: _with_more(), "WRONG files are those of the manifest"),
    "the roots": (lambda: _other_root(), "WRONG root of evidence"),
}


def _by_stranger() -> bytes:
    from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey

    return resigned(unpacked(pack()), signer=Sm2PrivateKey(5))


def _with_more() -> bytes:
    return zipped([*unpacked(pack()).items(), ("zzz", b"more")])


def _other_root() -> bytes:
    def edit(manifest: dict[str, Any]) -> None:
        manifest["roots"][0]["root"] = "00" * 32

    return resigned(unpacked(pack()), edit)


@pytest.mark.parametrize("what", TAMPERED)
def test_it_names_what_is_wrong(what: str, tmp_path: Path) -> None:
    make, said = TAMPERED[what]
    done = rechecked(tmp_path, make())
    assert done.returncode == 1, done.stdout + done.stderr
    assert any(said in line for line in done.stdout.splitlines() if line.startswith("WRONG")), done.stdout
    assert "all holds" not in done.stdout


def test_a_missing_file_is_no_pack_that_holds(tmp_path: Path) -> None:
    files = unpacked(pack())
    del files["items/0002/content"]
    done = rechecked(tmp_path, zipped(list(files.items())))
    assert done.returncode == 1
    assert "WRONG items/0002/content" in done.stdout


def test_truncated_is_no_pack_that_holds(tmp_path: Path) -> None:
    done = rechecked(tmp_path, pack()[:5000])
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.startswith("cannot be checked: BadZipFile")
    assert zipfile.is_zipfile(io.BytesIO(pack()))


def test_keys_are_found_by_their_ids(tmp_path: Path) -> None:
    """Whatever the base64 of a key holds, in whichever order the policy has them (a `+A` once chose both)."""
    dispute = Dispute()
    keys = LOG_KEYS.read_text(encoding="utf-8").split()
    assert [key.count("+A") for key in keys] == [1, 1]
    for order in (1, -1):
        changed = policy()
        changed["log"]["keys"] = [*keys, *changed["log"]["keys"]][::order]
        folder = tmp_path / f"order{order}"
        folder.mkdir()
        laid_out(folder, dispute.pack(plan_of(dispute)))
        (folder / "policy.json").write_text(json.dumps(changed))
        done = run(folder, "\n".join([*STEPS[0].commands[:2], *STEPS[4].commands]))
        assert done.returncode == 0, done.stderr


def test_a_pack_that_shows_nothing_is_not_said_to_hold(tmp_path: Path) -> None:
    dispute = Dispute(withheld=frozenset({1, 2, 3}))
    done = rechecked(tmp_path, dispute.pack(plan_of(dispute)))
    assert done.returncode == 3
    assert "no evidence is shown" in done.stdout


def test_how_it_is_called(tmp_path: Path) -> None:
    done = run(tmp_path, f"python3 {ROOT / 'docs' / 'recheck.py'} case.zip")
    assert (done.returncode, done.stdout) == (2, "python3 recheck.py case.zip policy.json\n")
    done = run(tmp_path, f"python3 {ROOT / 'docs' / 'recheck.py'} absent.zip policy.json")
    assert (done.returncode, done.stderr) == (3, "")


# Whatever it is fed, it answers in words


@contextlib.contextmanager
def own_recursion_limit() -> Iterator[None]:
    """Python's own, as where the script runs: py-evm raises it so far that deep JSON ends the interpreter."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def fed(data: bytes, trust: bytes) -> tuple[int, str]:
    """Exit code and words of the script, run here, with signatures that all hold: what follows is reached."""
    with tempfile.TemporaryDirectory() as name:
        paths = [str(Path(name) / "case.zip"), str(Path(name) / "policy.json")]
        for path, content in zip(paths, (data, trust), strict=True):
            Path(path).write_bytes(content)
        said = io.StringIO()
        with (
            mock.patch.object(sys, "argv", ["recheck.py", *paths]),
            mock.patch("subprocess.run", return_value=subprocess.CompletedProcess([], 0)),
            contextlib.redirect_stdout(said),
            own_recursion_limit(),
            pytest.raises(SystemExit) as ended,
        ):
            exec(compile(recheck(), "recheck.py", "exec"), {"__name__": "__main__"})
        return int(str(ended.value.code)), said.getvalue()


VALUES: list[Any] = [None, True, -1, 2**70, 1.5, "", "\ud800", "00" * 32, "a\n\nb\nok", [], {}, [[]], "é+"]
FILES = ("manifest.json", "statements.json", "items/0001/item.json", "dossier/0001/proof.json")


def spots(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a JSON value that holds something: its container and its name there."""
    members = list(enumerate(value)) if isinstance(value, list) else []
    members = list(value.items()) if isinstance(value, dict) else members
    return [(value, name) for name, _ in members] + [spot for _, inner in members for spot in spots(inner)]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_value_in_any_file_is_answered_in_words(data: st.DataObject) -> None:
    files, trust = unpacked(pack()), policy()
    path = data.draw(st.sampled_from((*FILES, "policy.json")))
    value = trust if path == "policy.json" else json.loads(files[path])
    container, name = data.draw(st.sampled_from(spots(value)))
    container[name] = data.draw(st.sampled_from(VALUES))
    if path != "policy.json":
        files[path] = json.dumps(value).encode()
    code, said = fed(zipped(list(files.items())), json.dumps(trust).encode())
    assert code in (0, 1, 3)
    assert "Traceback" not in said
    assert said.isascii()


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_bytes_are_answered_in_words(data: st.DataObject) -> None:
    packed, trust = bytearray(pack()), bytearray(json.dumps(policy()).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        spoiled = data.draw(st.sampled_from([packed, trust]))
        at = data.draw(st.integers(0, len(spoiled) - 1))
        spoiled[at : at + data.draw(st.sampled_from([0, 1, 1, 8]))] = data.draw(st.binary(max_size=3))
    cut = data.draw(st.sampled_from([len(packed), len(packed), 0, 4, 3000]))
    code, said = fed(bytes(packed[:cut]), bytes(trust))
    assert code in (0, 1, 3)
    assert "Traceback" not in said


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_packed_anew_is_told(compression: int) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in unpacked(pack()).items():
            archive.writestr(name, content)
    code, said = fed(out.getvalue(), json.dumps(policy()).encode())
    assert (code, "ask for the original" in said) == (3, True)


def test_deep_and_long_are_answered_in_words() -> None:
    files = unpacked(pack())
    for manifest in (b"[" * 100_000, b"1" * 5000, b"null", b"\xff"):
        code, said = fed(zipped([*{**files, "manifest.json": manifest}.items()]), b"{}")
        assert (code, said.startswith("cannot be checked: ")) == (3, True)
