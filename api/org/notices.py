"""The notices an organisation published, kept in its folder: `notices/LEAF.json`, as they were handed in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from yinzheng.ledger.state.files import make_folder, write_durably
from yinzheng.verifier.bytes.canonical import JSON, dumps, loads, saved
from yinzheng.verifier.bytes.naming import spell_names
from yinzheng.verifier.errors import UsageFault, found_in
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.notice import MAX_NOTICE, Notice, parse_notice

FOLDER: Final = "notices"
_LEAF: Final = re.compile(r"[0-9a-f]{64}")


def keep_notice(org: Path, leaf: str, body: bytes) -> None:
    """Keep a published notice under the leaf hash (64 hex) that the desk answered."""
    if not _LEAF.fullmatch(leaf):
        return
    make_folder(org / FOLDER, mode=0o700)
    write_durably(org / FOLDER / f"{leaf}.json", body)


def filled(org: Path, body: bytes, by: Party, now: int) -> bytes:
    """A notice with what its controller's folder knows where `body` leaves it out; else `body` as it is.

    Which version it replaces is never guessed: raises `UsageFault` `notice-version` where this folder keeps
    one already and the new one says nothing of it; `DataFault` as `loads`.
    """
    value = loads(body, max_bytes=MAX_NOTICE * 2)
    if not isinstance(value, dict):
        return body
    known: dict[str, JSON] = {"v": 1, "controller": by.to_json(), "published_at": now}
    if "version" not in value and "replaces" not in value:
        if any((org / FOLDER).glob("*.json")):
            latest, leaf = find_notice(org, None, None)
            raise UsageFault(
                "this folder keeps a notice already: is this a version of it?",
                code="notice-version",
                hint=f'For the next version say "version": {latest.version + 1}, "replaces": "{leaf}"; '
                'for another notice "version": 1, "replaces": null.',
            )
        known |= {"version": 1, "replaces": None}
    if known.keys() <= value.keys():
        return body
    return dumps({**known, **value})


def find_notice(org: Path, leaf: str | None, file: Path | None) -> tuple[Notice, str]:
    """A published notice and its leaf hash: by the beginning of that, from `file` where it is not kept, or
    the latest one.

    Raises `UsageFault`: `notice-unknown`, `notice-several`, `file-missing`; `DataFault` as `parse_notice`.
    """
    if file is not None:
        if leaf is None or not _LEAF.fullmatch(leaf):
            raise UsageFault(
                "a notice from a file needs its whole leaf hash",
                code="notice-unknown",
                hint="Give --leaf, as `yinzheng org notice publish` answered it.",
            )
        return read_notice(file), leaf
    kept = [path for path in (org / FOLDER).glob("*.json") if path.stem.startswith(leaf or "")]
    if not kept:
        raise UsageFault(
            "this folder keeps no such notice",
            code="notice-unknown",
            hint="Publish it with `yinzheng org notice publish`, or give --notice FILE and --leaf LEAF.",
        )
    if leaf is not None and len(kept) > 1:
        raise UsageFault(f"several notices begin with {leaf}", code="notice-several")
    return max(((read_notice(path), path.stem) for path in kept), key=lambda one: one[0].published_at)


def read_notice(file: Path) -> Notice:
    """A notice as it was handed in (S10.2)."""
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_NOTICE * 2 + 1)
    except (FileNotFoundError, IsADirectoryError):
        raise UsageFault(f"there is no file {file}", code="file-missing", hint="Check the path.") from None
    with found_in(file):
        return parse_notice(spell_names(loads(saved(data), max_bytes=MAX_NOTICE * 2)))
