"""Sending a file of consents in batches: resumable, nothing twice, what is refused set aside.

What was recorded is appended to `FILE.granted.ndjson`, a line for each consent: its line in the file, its
subject, its leaf hash. Lines the registry refuses go to `FILE.refused.ndjson` with the reason. Together they
say how far it came: an interrupted upload continues there. A batch whose answer was lost is sent again under
the same number, and answered as the first time (S15.3).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from yinzheng.api.org.calling import JSON_MEDIA, Answer, Client
from yinzheng.ledger.consents.ndjson import EncodingCheck, content, is_blank
from yinzheng.ledger.state.files import disk_faults
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
    already: int = 0
    """Of those granted, how many had been recorded before, by whichever way, or stand in the file twice."""


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    """In the file, from 1."""
    data: bytes


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
    ) -> None:
        self._client = client
        self._file = file
        self._secret = secret
        self._progress = progress
        self._sleep = sleep
        self.granted_file = file.with_name(file.name + ".granted.ndjson")
        self.refused_file = file.with_name(file.name + ".refused.ndjson")

    def run(self) -> Uploaded:
        """Send what has not been sent.

        Raises `UsageFault` (`file-missing`), `DataFault` (`import-encoding`: nothing is sent of such a file),
        and what the desk refuses.
        """
        self._check_encoding()
        granted, refused = _numbers(self.granted_file), _numbers(self.refused_file)
        done = granted | refused
        for batch in self._batches(done):
            self._send(batch)
            granted, refused = _numbers(self.granted_file), _numbers(self.refused_file)
            self._progress(f"{len(granted)} recorded, {len(refused)} refused")
        return Uploaded(len(granted), len(refused), _already(self.granted_file))

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

    def _batches(self, done: set[int]) -> Iterator[list[_Line]]:
        batch: list[_Line] = []
        size = 0
        for line in self._lines():
            if line.number in done:
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
                    yield _Line(number, line)

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
        _append(
            self.granted_file,
            [
                {"line": line.number, "subject": one["subject"], "leaf": one["leaf"]}
                | ({"already": True} if one.get("already") is True else {})
                for line, one in zip(lines, granted, strict=True)
            ],
        )

    def _refuse(self, line: _Line, fault: DataFault) -> None:
        told = f"{fault.message}; {fault.hint}" if fault.hint else fault.message
        _append(self.refused_file, [{"line": line.number, "code": fault.code, "message": told}])


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


def _place(fault: DataFault) -> int | None:
    """Which line of a batch was refused, from 0."""
    index, line = fault.data.get("index"), fault.data.get("line")
    if isinstance(index, int):
        return index
    return line - 1 if isinstance(line, int) else None


def _numbers(file: Path) -> set[int]:
    """The line numbers noted in a file; a last line that a crash cut off is taken away."""
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return set()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) != len(data):
        with file.open("r+b") as opened:
            opened.truncate(len(whole))
    return {int(json.loads(line)["line"]) for line in whole.splitlines()}


def _already(file: Path) -> int:
    """How many noted lines say that theirs was recorded before."""
    try:
        with file.open("rb") as opened:
            return sum(json.loads(line).get("already") is True for line in opened)
    except FileNotFoundError:
        return 0


def _append(file: Path, values: Sequence[dict[str, object]]) -> None:
    with disk_faults(file), file.open("ab") as opened:
        opened.write(b"".join(json.dumps(value, ensure_ascii=False).encode() + b"\n" for value in values))
        opened.flush()
        os.fsync(opened.fileno())
