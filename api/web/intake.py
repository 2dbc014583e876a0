"""Reading what a client submits, within bounds and in memory alone: an upload leaves no file behind.

The frameworks' own form reading spools to disk; a certificate someone checks is nobody else's business, so
the multipart parser is fed directly.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from yinzheng.api.http.limits import Limits
from yinzheng.api.http.memory import Lease
from yinzheng.verifier.bytes.canonical import loads
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.judge.purpose_proof import UNTOLD, Asked

MAX_TEXT: Final = 128 * 1024
"""Bytes of a pasted text or a JSON body. Far beyond a QR text, so that the verifier itself may say so."""

MAX_PARTS: Final = 8
MAX_PART_HEADERS: Final = 8192

_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Submission:
    """What was submitted: a text, or the bytes of a file; never both. `lang` as the form asked."""

    text: str | None
    file: bytes | None
    lang: str | None = None
    name: str = ""
    """The file's own, as the browser gave it."""
    asked: Asked = UNTOLD
    """Who reads a proof for one reader, and for what."""


class Fields(dict[str, bytes]):
    """A form's fields by name, each once."""

    file_names: Mapping[str, str] = MappingProxyType({})
    """The name of the file that was sent in a field, by the field."""
    several: Sequence[tuple[str, bytes]] = ()
    """Name and bytes of each file of the one field that may come several times; it is no other field."""


async def read_submission(request: Request, limits: Limits, lease: Lease, *, json: bool) -> Submission:
    """Read the request's body: a form, multipart or not, or with `json` an object `{"text": …}`.

    The lease has to last as long as the submission is in use.

    Raises `UsageFault`: `content-type`, `too-large`, `form-malformed`, `form-empty`, `form-both`,
    `json-malformed`, `body-slow`; `EnvironmentFault` `server-busy`.
    """
    read = await _read(
        request, limits, lease, (_MULTIPART, _JSON) if json else (_MULTIPART, _FORM), MAX_PARTS
    )
    return _read_json(read) if isinstance(read, bytes) else _submission(read)


async def read_json(request: Request, limits: Limits, lease: Lease) -> object:
    """Read a JSON body. Raises as `read_submission`."""
    read = await _read(request, limits, lease, (_JSON,), MAX_PARTS)
    assert isinstance(read, bytes)
    try:
        return loads(read, max_bytes=MAX_TEXT)
    except DataFault as fault:
        raise UsageFault(f"the body is not JSON: {fault.message}", code="json-malformed") from fault


async def read_fields(
    request: Request, limits: Limits, lease: Lease, most: int = MAX_PARTS, *, several: str | None = None
) -> Fields:
    """Read a form of at most `most` fields, multipart or not, each field once; of files that of the name
    `several` as often as it comes.

    The lease has to last as long as the fields are in use. Raises as `read_submission`.
    """
    read = await _read(request, limits, lease, (_MULTIPART, _FORM), most, several)
    assert isinstance(read, Fields)
    return read


async def _read(
    request: Request,
    limits: Limits,
    lease: Lease,
    allowed: tuple[str, ...],
    most: int,
    several: str | None = None,
) -> Fields | bytes:
    """The fields of a form, or the bytes of a JSON body."""
    kind, options = _content_type(request)
    if kind not in allowed:
        raise UsageFault(
            "this address does not accept that kind of content",
            code="content-type",
            hint=f"Send {allowed[0]}"
            + (f', or {_JSON} of the form {{"text": …}}.' if _JSON in allowed[1:] else "."),
        )
    ceiling = limits.body_bytes if kind == _MULTIPART else MAX_TEXT
    _check_declared(request, ceiling)
    chunks = _chunks(request, ceiling, lease)
    try:
        async with asyncio.timeout(limits.body_seconds):
            if kind == _MULTIPART:
                return await _read_multipart(chunks, options.get(b"boundary", b""), most, several)
            body = b"".join([chunk async for chunk in chunks])
    except TimeoutError:
        raise UsageFault("the upload took too long", code="body-slow", hint="Send a smaller file.") from None
    except ClientDisconnect:
        raise UsageFault("the client went away", code="form-malformed") from None
    return body if kind == _JSON else _read_form(body, most)


def _content_type(request: Request) -> tuple[str, dict[bytes, bytes]]:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    return kind.decode("latin-1").lower(), options


def _check_declared(request: Request, ceiling: int) -> None:
    """Refuse at once what announces itself as too large."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > ceiling:
        raise _too_large(ceiling)


async def _chunks(request: Request, ceiling: int, lease: Lease) -> AsyncIterator[bytes]:
    async for chunk in request.stream():
        lease.grow(len(chunk))
        if lease.held > ceiling:
            raise _too_large(ceiling)
        yield chunk


def _too_large(ceiling: int) -> UsageFault:
    size = f"{ceiling // 1024 // 1024} MiB" if ceiling >= 1024 * 1024 else f"{ceiling // 1024} KiB"
    return UsageFault(
        f"what was sent is larger than {size}",
        code="too-large",
        hint="Send the certificate's own PDF or JSON file, or a photo of its QR code.",
        limit=ceiling,
    )


class _Parts:
    """Collects the parts of a form as the parser finds them."""

    def __init__(self, most: int, several: str | None) -> None:
        self._most = most
        self._several = several
        self.several: list[tuple[str, bytearray]] = []
        self.fields: dict[str, bytearray] = {}
        self._name = bytearray()
        self._value = bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._data = bytearray()
        self._count = 0
        self._header_bytes = 0
        self.file_names: dict[str, str] = {}
        self.finished = False

    def part_begin(self) -> None:
        self._count += 1
        if self._count > self._most:
            raise _malformed("the form has too many parts")
        self._headers, self._data, self._header_bytes = {}, bytearray(), 0

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._grow_header(end - start)
        self._name += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._grow_header(end - start)
        self._value += data[start:end]

    def header_end(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)
        self._name, self._value = bytearray(), bytearray()

    def headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if name == self._several:
            own = options.get(b"filename", b"").decode("utf-8", "replace")
            self.several.append((own, self._data))
            return
        if name in self.fields:
            raise _malformed("the form has the same field twice")
        self.fields[name] = self._data
        if b"filename" in options:
            self.file_names[name] = options[b"filename"].decode("utf-8", "replace")

    def part_data(self, data: bytes, start: int, end: int) -> None:
        self._data += data[start:end]

    def end(self) -> None:
        self.finished = True

    def _grow_header(self, count: int) -> None:
        self._header_bytes += count
        if self._header_bytes > MAX_PART_HEADERS:
            raise _malformed("a part of the form has too long a header")


async def _read_multipart(
    chunks: AsyncIterator[bytes], boundary: bytes, most: int = MAX_PARTS, several: str | None = None
) -> Fields:
    parts = _Parts(most, several)
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": parts.part_begin,
                "on_part_data": parts.part_data,
                "on_header_field": parts.header_field,
                "on_header_value": parts.header_value,
                "on_header_end": parts.header_end,
                "on_headers_finished": parts.headers_finished,
                "on_end": parts.end,
            },
        )
        async for chunk in chunks:
            parser.write(chunk)
        parser.finalize()
    except FormParserError:
        raise _malformed("the form cannot be read") from None
    if not parts.finished:
        raise _malformed("the form is cut off")
    fields = Fields({name: bytes(value) for name, value in parts.fields.items()})
    fields.file_names = parts.file_names
    # A browser sends a nameless, empty part where nothing was chosen.
    fields.several = [(name, bytes(data)) for name, data in parts.several if name or data]
    return fields


def _read_form(body: bytes, most: int) -> Fields:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=most, errors="strict")
    except ValueError:
        raise _malformed("the form cannot be read") from None
    return Fields({name: value.encode() for name, value in pairs})


def _read_json(body: bytes) -> Submission:
    try:
        value = loads(body, max_bytes=MAX_TEXT)
    except DataFault as fault:
        raise UsageFault(f"the body is not JSON: {fault.message}", code="json-malformed") from fault
    text = value.get("text") if isinstance(value, dict) else None
    if not isinstance(value, dict) or set(value) != {"text"} or not isinstance(text, str):
        raise UsageFault(
            "the body is not an object with a text and nothing else",
            code="json-malformed",
            hint='Send {"text": "HTTPS://…/V/…"}.',
        )
    if not text.strip():
        raise _empty()
    return Submission(text, None)


def _submission(fields: Fields) -> Submission:
    """A browser sends an empty file part for a file that was not chosen: empty counts as absent."""
    text = fields.get("text", b"").decode("utf-8", "replace").strip()
    file = fields.get("file", b"")
    lang = fields.get("lang", b"").decode("ascii", "replace") or None
    reader, purpose = (
        fields.get(name, b"").decode("utf-8", "replace").strip() or None for name in ("reader", "purpose")
    )
    asked = Asked(reader, purpose)
    if text and file:
        raise UsageFault(
            "both a text and a file were sent",
            code="form-both",
            hint="Send one of them, so that it is clear which one the answer is about.",
        )
    if file:
        return Submission(None, file, lang, fields.file_names.get("file", ""), asked)
    if not text:
        raise _empty()
    if len(text) > MAX_TEXT:
        raise _too_large(MAX_TEXT)
    return Submission(text, None, lang, asked=asked)


def _empty() -> UsageFault:
    return UsageFault(
        "nothing was sent to check",
        code="form-empty",
        hint="Paste the text of the QR code, or choose an image, a PDF or a JSON file.",
    )


def _malformed(message: str) -> UsageFault:
    return UsageFault(message, code="form-malformed", hint="Go back to the form and try again.")
