"""The JSON Schemas of our formats under `/schemas/NAME.json`: the files of docs/schemas."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from starlette.responses import Response

MEDIA: Final = "application/schema+json"


@cache
def schema_files() -> dict[str, bytes]:
    """Every schema by its file's name; read once."""
    folder = files("yinzheng.api.http") / "formats"
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name.endswith(".json")}


DESK: Final = "desk.openapi.json"
"""The desk's OpenAPI document, which lies with the schemas it is made of."""


def schema_file(name: str) -> Response | None:
    """The answer for `/schemas/<name>`, or None where there is no such schema. It may be kept for an hour."""
    content = schema_files().get(name)
    if content is None:
        return None
    return Response(content, media_type=MEDIA, headers={"Cache-Control": "public, max-age=3600"})
