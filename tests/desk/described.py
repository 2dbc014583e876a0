"""Whether the desk answers as its document says: asked of every answer that these tests get."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from tests.scripts.desk_openapi import document
from tests.scripts.schemas import OWN


def require_described(method: str, path: str, status: int, media: str, body: bytes) -> None:
    """The status is one that the document knows, and the answer has the form it gives; nothing more."""
    operation = _operation(method.lower(), path.partition("?")[0])
    if operation is None:
        return
    answers = operation["responses"]
    assert status >= 400 or str(status) in answers, f"{method} {path} answers {status}"
    answer = answers.get(str(status), answers["default"])
    if "$ref" in answer:
        answer = _document()["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    kinds = answer.get("content")
    if kinds is None:
        assert not body
        return
    assert media in kinds, f"{method} {path} answers {media}"
    if media.endswith("json"):
        _validator(json.dumps(kinds[media]["schema"])).validate(json.loads(body))


@cache
def _document() -> dict[str, Any]:
    return document(OWN)


@cache
def _validator(schema: str) -> Draft202012Validator:
    found = json.loads(schema)
    closed = {"unevaluatedProperties": False} if "$ref" in found else {}
    return Draft202012Validator({**found, **closed, "components": _document()["components"]})


@cache
def _operation(method: str, path: str) -> dict[str, Any] | None:
    for template, operations in _document()["paths"].items():
        if method in operations and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            found: dict[str, Any] = operations[method]
            return found
    return None
