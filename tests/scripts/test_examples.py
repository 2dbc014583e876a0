"""Examples of both OpenAPI documents: each is of its schema, and what a registry says today."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.scripts.desk_openapi import document
from tests.scripts.examples import everything, shape_of
from tests.scripts.schemas import OWN, schema_of
from tests.scripts.talk import Said
from yinzheng.api.desk.bodies import NDJSON
from yinzheng.api.http.examples import examples_of, put_examples
from yinzheng.api.http.limits import Limits
from yinzheng.api.web.app import create_app

WITHOUT = {"desk": "discard_dispute unsubscribe", "pages": ""}
"""Operations that are sent nothing and answer nothing. Every other one shows what is said."""


def documents() -> dict[str, Any]:
    nobody: Any = SimpleNamespace(trust=None, live=None)
    pages = create_app(nobody, clock=lambda: 0, limits=Limits()).openapi()
    return {"desk": document(OWN), "pages": pages}


DOCUMENTS = documents()
SERVICES = ("desk", "pages")


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Said]:
    return everything(tmp_path_factory.mktemp("talk"))


def each(said: Said) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value by operation, place, media and name; parameters by their name."""
    for operation, places in said.items():
        for place, shown in places.items():
            for media, values in shown.items():
                if place == "parameters":
                    yield (operation, place, media), values
                    continue
                for name, value in values.items():
                    yield (operation, place, media, name), value


@pytest.mark.parametrize("service", ["desk", "pages"])
def test_every_operation_has_one(service: str) -> None:
    assert set(operations(service)) - set(examples_of(service)) == set(WITHOUT[service].split())


@pytest.mark.slow
def test_a_registry_says_today_what_the_examples_show(today: dict[str, Said]) -> None:
    for service, said in today.items():
        kept: Any = examples_of(service)
        now, then = dict(each(said)), dict(each(kept))
        assert set(now) == set(then), "run scripts/examples"
        for where, value in now.items():
            assert _told(where, value) == _told(where, then[where]), f"{where}: run scripts/examples"


def _told(where: tuple[str, ...], value: Any) -> Any:
    """The shape of a value; of lines, of each."""
    if NDJSON in where:
        return [shape_of(json.loads(line)) for line in value.splitlines()]
    return shape_of(value)


def operations(service: str) -> dict[str, Any]:
    items = DOCUMENTS[service]["paths"].values()
    return {one["operationId"]: one for item in items for one in item.values()}


@pytest.mark.parametrize("service", SERVICES)
def test_each_is_in_the_document_and_of_its_schema(service: str) -> None:
    found, components = operations(service), DOCUMENTS[service]["components"]
    kept: Any = examples_of(service)
    for (operation, place, *more), value in each(kept):
        if place == "parameters":
            (parameter,) = (one for one in found[operation]["parameters"] if one.get("name") == more[0])
            assert parameter["example"] == value
            schema = parameter["schema"]
            value = [value] if schema.get("type") == "array" else value
        else:
            holder = found[operation]["requestBody" if place == "request" else "responses"]
            content = (holder if place == "request" else holder[place])["content"][more[0]]
            assert content["examples"][more[1]] == {"value": value}
            schema = content["schema"]
        closed = {"unevaluatedProperties": False} if "$ref" in schema else {}
        Draft202012Validator({**schema, **closed, "components": components}).validate(value)


def test_lines_are_of_the_schemas_that_are_named() -> None:
    said = examples_of("desk")["check_trade"]
    trade = Draft202012Validator(schema_of("trade"))
    good, bad = map(json.loads, said["request"][NDJSON]["a-batch"].splitlines())
    assert (trade.is_valid(good), trade.is_valid(bad)) == (True, False)
    first, second = map(json.loads, said["201"][NDJSON]["a-batch"].splitlines())
    answer = {**DOCUMENTS["desk"], "$ref": "#/components/schemas/CheckedTrade"}
    Draft202012Validator(answer).validate(first)
    assert (first["line"], second["line"], second["code"]) == (1, 2, "field-value")


def test_one_without_a_place_is_refused() -> None:
    made: Any = {"paths": {"/a": {"get": {"operationId": "a", "responses": {}}}}}
    strays: list[Any] = [{"b": {"200": {}}}, {"a": {"200": {}}}]
    for said in strays:
        with pytest.raises(KeyError):
            put_examples(made, said)
