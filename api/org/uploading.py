"""Sending a file of consents in batches: resumable, nothing twice, what is refused set aside.

What was recorded is appended to `FILE.granted.ndjson`, a line for each consent: its line in the file, the
controller's own reference of the person, its subject, its leaf hash. Lines the registry refuses go to
`FILE.refused.ndjson` with the reason. Both know a line by a keyed mark of its content: an interrupted upload
continues, a line that was corrected is sent, and none is sent twice because another was put in above it. A
batch whose answer was lost is sent again under the same number, and answered as the first time (S15.3).

`references.ndjson` in the organisation's folder says in which file each person's line was recorded last, by
a mark of the reference, so that a person's second consent is told, from wherever the first came.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from yinzheng.api.org.calling import JSON_MEDIA, Answer, Client
from yinzheng.ledger.consents.ndjson import EncodingCheck, content, is_blank
from yinzheng.ledger.state.files import disk_faults, write_durably
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault

BATCH_LINES: Final = 1000
BATCH_BYTES: Final = 7 * 1024 * 1024
MAX_LINE: Final = 64 * 1024
_PIECE: Final = 1024 * 1024
NDJSON: Final = "application/x-ndjson"
TRIES: Final = 5
"""Times a batch is sent while the desk is busy or does not answer."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What an upload came to, earlier runs included."""

    granted: int
    """Recorded ones; each stands in the log once."""
    refused: int
    new: int
    """Of those granted, how many this run had recorded."""
    already: int = 0
    """Of those granted, how many had been recorded before, by whichever way, or stand in the file twice."""


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    """In the file, from 1."""
    data: bytes
    mark: str
    """32 hex: known again by its content."""
    reference: str | None
    """The controller's own for the person; None where the line does not say."""


class Upload:
    """One file on its way. `secret` is the member's 32 bytes from which the batches' numbers follow."""

    def __init__(
        self,
        client: Client,
        file: Path,
        secret: bytes,
        *,
        progress: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
        folder: Path | None = None,
    ) -> None:
        self._client = client
        self._file = file
        self._secret = secret
        self._progress = progress
        self._sleep = sleep
        self.granted_file = file.with_name(file.name + ".granted.ndjson")
        self.refused_file = file.with_name(file.name + ".refused.ndjson")
        self._references = References(folder, secret)
        self.met: list[Met] = []
        """Of whom another consent was recorded before."""

    def run(self) -> Uploaded:
        """Send what has not been sent.

        Raises `UsageFault` (`file-missing`), `DataFault` (`import-encoding`: nothing is sent of such a file),
        and what the desk refuses.
        """
        self._check_encoding()
        granted, refused = _noted(self.granted_file), self._still_refused()
        self._references.recall(self._file.name, granted)
        before = len(granted)
        for batch in self._batches({*map(_mark_of, granted), *map(_mark_of, refused)}):
            self._send(batch)
            granted, refused = _noted(self.granted_file), _noted(self.refused_file)
            self._progress(f"{len(granted)} recorded, {len(refused)} refused")
        already = [one.get("already") is True for one in granted]
        return Uploaded(len(granted), len(refused), already[before:].count(False), sum(already))

    def _still_refused(self) -> list[dict[str, Any]]:
        """What stands in the refused file of lines that the file still has; the others were corrected."""
        noted = _noted(self.refused_file)
        if not noted:
            return noted
        marks = {line.mark for line in self._lines()}
        left = [one for one in noted if _mark_of(one) in marks]
        if len(left) < len(noted):
            write_durably(self.refused_file, b"".join(map(_line_of, left)), mode=0o600)
        return left

    def refusals(self, most: int) -> list[dict[str, object]]:
        """The first lines the registry refused: their `line`, `code` and `message`."""
        try:
            with self.refused_file.open("rb") as file:
                return [json.loads(line) for line in islice(file, most)]
        except FileNotFoundError:
            return []

    def _check_encoding(self) -> None:
        encoding = EncodingCheck()
        with self._opened() as file, disk_faults(self._file):
            while piece := file.read(_PIECE):
                encoding.take(piece)
            encoding.take(b"", final=True)

    def _opened(self) -> BinaryIO:
        try:
            return self._file.open("rb")
        except FileNotFoundError:
            raise UsageFault(f"there is no file {self._file}", code="file-missing") from None

    def _batches(self, done: set[str]) -> Iterator[list[_Line]]:
        batch: list[_Line] = []
        size = 0
        for line in self._lines():
            if line.mark in done:
                continue
            if len(line.data) > MAX_LINE:
                self._refuse(line, DataFault("the line is too long for a consent", code="json-too-large"))
                continue
            if batch and (len(batch) == BATCH_LINES or size + len(line.data) + 1 > BATCH_BYTES):
                yield batch
                batch, size = [], 0
            batch.append(line)
            size += len(line.data) + 1
        if batch:
            yield batch

    def _lines(self) -> Iterator[_Line]:
        with self._opened() as file, disk_faults(self._file):
            for number, data in enumerate(file, 1):
                line = content(data, first=number == 1)
                if not is_blank(line):
                    yield _Line(number, line, _mark(self._secret, line), _reference(line))

    def _send(self, batch: Sequence[_Line]) -> None:
        """Send a batch; where one line is refused, those before it, then those after it."""
        rest = list(batch)
        while rest:
            try:
                granted = self._call(rest)
            except DataFault as fault:
                bad = _place(fault)
                if bad is None or bad >= len(rest):
                    raise
                if bad:
                    self._note(rest[:bad], self._call(rest[:bad]))
                self._refuse(rest[bad], fault)
                rest = rest[bad + 1 :]
            else:
                self._note(rest, granted)
                return

    def _call(self, lines: Sequence[_Line]) -> list[dict[str, object]]:
        body = b"\n".join(line.data for line in lines) + b"\n"
        once = hmac.new(self._secret, body, hashlib.sha256).digest()[:16]
        path = f"/org/v1/consents?once={once.hex()}"
        answer = patiently(self._client, path, "POST", body, NDJSON, sleep=self._sleep).json()
        granted = answer.get("granted") if isinstance(answer, dict) else None
        if not isinstance(granted, list) or len(granted) != len(lines):
            raise DataFault("the desk's answer is not one to this batch", code="answer-malformed")
        return granted

    def _note(self, lines: Sequence[_Line], granted: Sequence[dict[str, object]]) -> None:
        pairs = list(zip(lines, granted, strict=True))
        _append(
            self.granted_file,
            [
                {**_named(line), "subject": one["subject"], "leaf": one["leaf"]}
                | ({"already": True} if one.get("already") is True else {})
                for line, one in pairs
            ],
        )
        self.met += self._references.keep(
            self._file.name, [(line.reference, line.number, str(one["subject"])) for line, one in pairs]
        )

    def _refuse(self, line: _Line, fault: DataFault) -> None:
        told = f"{fault.message}; {fault.hint}" if fault.hint else fault.message
        _append(self.refused_file, [{**_named(line), "code": fault.code, "message": told}])


@dataclass(frozen=True, slots=True)
class Met:
    """A person of whom another consent was recorded before: from another file, or by a line as it was before
    somebody corrected it. Both stand."""

    line: int
    reference: str
    file: str
    before: int
    """Line there."""
    subject: str
    """Of that consent."""


class References:
    """Where each person's line was recorded last, naming nobody. Without a folder nothing is known."""

    def __init__(self, folder: Path | None, secret: bytes) -> None:
        self._path = None if folder is None else folder / "references.ndjson"
        self._secret = secret
        known = [] if self._path is None else _noted(self._path)
        self._known = {str(one["person"]): one for one in known}

    def keep(self, file: str, lines: Sequence[tuple[str | None, int, str]]) -> list[Met]:
        """Note lines that were recorded, each a reference, its line and its subject.

        Tells of whom another consent was recorded before, by whichever line of whichever file.
        """
        if self._path is None or not lines:
            return []
        new: list[dict[str, object]] = []
        met: list[Met] = []
        for reference, number, subject in lines:
            if not reference:
                continue
            person = self._person(reference)
            before = self._known.get(person)
            if before is not None and before["subject"] == subject:
                continue
            if before is not None:
                met.append(Met(number, reference, before["file"], before["line"], before["subject"]))
            self._known[person] = {"person": person, "file": file, "line": number, "subject": subject}
            new.append(self._known[person])
        _append(self._path, new)
        return met

    def recall(self, file: str, granted: Sequence[Mapping[str, Any]]) -> None:
        """Know whom a run recorded that died before it noted them here."""
        unknown = [
            (str(one["reference"]), int(one["line"]), str(one["subject"]))
            for one in granted
            if one.get("reference") and self._person(str(one["reference"])) not in self._known
        ]
        self.keep(file, unknown)

    def _person(self, reference: str) -> str:
        return _mark(self._secret, b"person:" + reference.encode())


def _mark(secret: bytes, data: bytes) -> str:
    return hmac.new(secret, data, hashlib.sha256).digest()[:16].hex()


def _named(line: _Line) -> dict[str, object]:
    named: dict[str, object] = {"line": line.number, "mark": line.mark}
    return named if line.reference is None else named | {"reference": line.reference}


def _reference(line: bytes) -> str | None:
    """Whom a line is about, by the controller's own number; None where it is not even that far a consent."""
    try:
        found = json.loads(line)["person"]["reference"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if isinstance(found, str) and len(found) <= 60 else None


LONG: Final = frozenset({"receipt-not-anchored"})
"""What takes minutes: not worth waiting for at the terminal."""


def patiently(
    client: Client,
    path: str,
    method: str = "GET",
    body: bytes = b"",
    media: str = JSON_MEDIA,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> Answer:
    """Call, and call again while the desk is busy or does not answer, `TRIES` times in all."""
    for attempt in range(1, TRIES + 1):
        try:
            return client.call(method, path, body, media)
        except EnvironmentFault as fault:
            if attempt == TRIES or fault.code in LONG:
                raise
            wait = fault.data.get("retry_after")
            sleep(float(wait) if isinstance(wait, int) else 2.0**attempt)
    raise AssertionError


def read_granted(file: Path) -> Iterator[str]:
    """The subjects in a `.granted.ndjson`. Raises `UsageFault` `file-missing`, `DataFault` (`json-…`)."""
    try:
        with file.open("rb") as opened:
            for line in opened:
                value = canonical.loads(line, max_bytes=4096)
                if not isinstance(value, dict) or not isinstance(value.get("subject"), str):
                    raise DataFault("this is no list of recorded consents", code="json-malformed")
                yield str(value["subject"])
    except FileNotFoundError:
        raise UsageFault(f"there is no file {file}", code="file-missing") from None


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _place(fault: DataFault) -> int | None:
    """Which line of a batch was refused, from 0."""
    index, line = fault.data.get("index"), fault.data.get("line")
    if isinstance(index, int):
        return index
    return line - 1 if isinstance(line, int) else None


def _mark_of(noted: Mapping[str, Any]) -> str:
    return str(noted.get("mark"))


def _line_of(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def _noted(file: Path) -> list[dict[str, Any]]:
    """What is noted in a file; a last line that a crash cut off is taken away."""
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return []
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) != len(data):
        with file.open("r+b") as opened:
            opened.truncate(len(whole))
    return [json.loads(line) for line in whole.splitlines()]


def _append(file: Path, values: Sequence[dict[str, object]]) -> None:
    with disk_faults(file), open(file, "ab", opener=_for_its_owner) as opened:
        opened.write(b"".join(map(_line_of, values)))
        opened.flush()
        os.fsync(opened.fileno())
