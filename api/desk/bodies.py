"""What is sent to the desk: its media, and the objects and lines in it."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from yinzheng.api.http.limits import MIB
from yinzheng.ledger.consents.ndjson import EncodingCheck, content, is_blank
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import DataFault, UsageFault

MAX_JSON: Final = 256 * 1024
"""Bytes of one object."""

MAX_BATCH: Final = 8 * MIB
"""Bytes of a batch of lines."""

MAX_LINES: Final = 1000
"""Lines of a batch."""

MAX_LINE: Final = 64 * 1024

NDJSON: Final = "application/x-ndjson"
JSON_MEDIA: Final = "application/json"


def media_of(request: Request) -> str:
    """The media type of a body, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def one_object(body: bytes, most: int = MAX_JSON) -> dict[str, JSON]:
    """A JSON object of at most so many bytes; no body is an empty one. Raises `DataFault` (`json-…`)."""
    value = canonical.loads(body or b"{}", max_bytes=most)
    if not isinstance(value, dict):
        raise DataFault("the body is not a JSON object", code="json-malformed")
    return value


def lines_of(body: bytes) -> list[JSON]:
    """The JSON values of a batch, one a line; what is a line, `ndjson` says, as for a file.

    Raises `UsageFault` `batch-lines`; `DataFault` (`import-encoding`; `json-…`) whose `line` counts from 1.
    """
    encoding = EncodingCheck()
    encoding.take(body, final=True)
    lines = enumerate(body.split(b"\n"), 1)
    numbered = [(n, content(line, first=n == 1)) for n, line in lines]
    numbered = [(n, line) for n, line in numbered if not is_blank(line)]
    if not 1 <= len(numbered) <= MAX_LINES:
        raise UsageFault(f"a batch has 1 to {MAX_LINES} lines", code="batch-lines", hint="Split it.")
    found: list[JSON] = []
    for number, line in numbered:
        try:
            found.append(canonical.loads(line, max_bytes=MAX_LINE))
        except DataFault as fault:
            raise DataFault(
                f"line {number}: {fault.message}", code=fault.code, hint=fault.hint, line=number
            ) from fault
    return found
