"""Lists over HTTP: a page of one, where it goes on, and whether it is what whoever asks has (S15.12).

The tag of a list is the digest of what it says of the rows themselves, made after whoever asks was found to
be allowed the answer: what is still so is never told by a time or a counter that somebody keeps.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import JSON

OWN, PUBLIC = "private, no-cache", "public, no-cache"
"""May be kept, by who asked alone or by anyone, and is asked for again each time."""

DESCRIBED: Final[Mapping[str, JSON]] = {
    "ETag": {
        "description": "Of what the answer rests on: sent as `If-None-Match`, it is answered with 304 as "
        "long as that is so.",
        "schema": {"type": "string"},
    },
    "Link": {
        "description": 'Where there is a next page: its query, with `rel="next"` (RFC 8288).',
        "schema": {"type": "string"},
    },
}
"""The headers of a list, for OpenAPI documents."""
TAGS: Final = "Tags of answers that whoever asks has: 304 where one of them is still so."
UNCHANGED: Final = "One of the answers named in `If-None-Match` is still so."

_TAG: Final = re.compile(r'(?:W/)?("[\x21\x23-\x7e]*")')


def listed(
    request: Request,
    name: str,
    rows: Sequence[JSON],
    more: str | None,
    *,
    beside: Mapping[str, JSON] | None = None,
    made_now: Sequence[str] = (),
    kept: str = OWN,
) -> Response:
    """A page of a list: its rows under `name`, and `next`, which is null at the end; or 304.

    `made_now`: names in a row that are made anew for each answer, as signatures are.
    """
    value: dict[str, JSON] = {**(beside or {}), name: [*rows], "next": more}
    content = canonical.dumps(value)
    rests_on = content
    if made_now:
        kept_rows = [{k: v for k, v in row.items() if k not in made_now} for row in map(_object, rows)]
        rests_on = canonical.dumps({**value, name: [*kept_rows]})
    onward = {} if more is None else {"Link": _onward(request, more)}
    return tagged(request, content, rests_on, weak=bool(made_now), headers={"Cache-Control": kept, **onward})


def tagged(
    request: Request,
    content: bytes,
    rests_on: bytes,
    *,
    weak: bool = False,
    media: str = "application/json",
    headers: Mapping[str, str],
) -> Response:
    """An answer with the tag of what it rests on (RFC 9110 8.8.3); 304 to who has it already (13.1.2).

    `weak`: the same rows may be answered in other bytes.
    """
    tag = f'"{hashlib.sha256(rests_on).hexdigest()[:32]}"'
    asked = request.headers.get("if-none-match", "")
    named = {**headers, "ETag": f"W/{tag}" if weak else tag}
    if asked.strip() == "*" or tag in _TAG.findall(asked):
        named.pop("Link", None)
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=named)
    return Response(content, media_type=media, headers=named)


def _onward(request: Request, more: str) -> str:
    """The next page (RFC 8288), by its query alone: what address we have to others, we do not know."""
    query = {**request.query_params, "after": more}
    return f'<?{urlencode(query)}>; rel="next"'


def _object(value: JSON) -> dict[str, JSON]:
    assert isinstance(value, dict)
    return value
