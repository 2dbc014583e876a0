"""The schemas of our formats, served to everyone."""

from __future__ import annotations

import pytest

from tests.api.conftest import Client
from tests.scripts.desk_openapi import document
from tests.scripts.schemas import OWN, files


def test_every_schema_is_served_to_every_origin(client: Client) -> None:
    for name, content in files().items():
        answer = client.get(f"/schemas/{name}")
        assert answer.content == content.encode()
        assert answer.headers["content-type"] == "application/schema+json"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cache-control"] == "public, max-age=3600"


@pytest.mark.parametrize("name", ["none.json", "..%2f..%2fspec.md", "consent", "%2e%2e"])
def test_there_is_nothing_else(client: Client, name: str) -> None:
    answer = client.get(f"/schemas/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("service", ["pages", "desk"])
def test_every_refusal_has_the_form_of_a_problem(client: Client, service: str) -> None:
    """Generators of clients keep it then (RFC 9457): one type for all, and none that we never answer with."""
    made = document(OWN) if service == "desk" else client.get("/v1/openapi.json").json()
    about_bodies = set()
    for path, operations in made["paths"].items():
        for operation in operations.values():
            refusals = {code: one for code, one in operation["responses"].items() if code[0] in "45d"}
            assert "default" in refusals, path
            for code, refusal in refusals.items():
                if "$ref" in refusal:
                    refusal = made["components"]["responses"][refusal["$ref"].rpartition("/")[2]]
                (kind,) = refusal["content"].items()
                form = "Problem" if service == "desk" else "ProblemOut"
                assert kind == (
                    "application/problem+json",
                    {"schema": {"$ref": f"#/components/schemas/{form}"}},
                ), (path, code)
            if not {"415", "422"}.isdisjoint(refusals):
                about_bodies.add("requestBody" in operation or "{" in path)
    assert about_bodies == {True}
    assert "HTTPValidationError" not in made["components"]["schemas"], "FastAPI's own, which nobody answers"
