"""Examples of what is asked and answered, for OpenAPI documents: each was said once by a running registry.

`exchanges/desk.json` and `exchanges/pages.json` hold them by operation, then `parameters`, `request` or the
status, then the kind of content and a name. `scripts/examples` writes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

Examples = Mapping[str, Mapping[str, Any]]


@cache
def examples_of(service: str) -> Examples:
    """Of `desk` or `pages`; read once."""
    data = (files("yinzheng.api.http") / "exchanges" / f"{service}.json").read_bytes()
    found: dict[str, Any] = json.loads(data)
    return found


def put_examples(document: dict[str, Any], examples: Examples) -> dict[str, Any]:
    """The document, with each example where OpenAPI has them. Raises `KeyError` for one without a place."""
    operations = {
        operation["operationId"]: operation
        for item in document["paths"].values()
        for operation in item.values()
    }
    for name, said in examples.items():
        operation = operations[name]
        for place, shown in said.items():
            if place == "parameters":
                _put_parameters(operation, shown)
                continue
            holder = operation["requestBody"] if place == "request" else operation["responses"][place]
            for media, values in shown.items():
                named = {one: {"value": value} for one, value in values.items()}
                holder["content"][media]["examples"] = named
    return document


def _put_parameters(operation: dict[str, Any], shown: Mapping[str, Any]) -> None:
    for parameter in operation["parameters"]:
        if parameter.get("name") in shown:
            parameter["example"] = shown[parameter["name"]]
