"""The schemas of our formats, served to everyone."""

from __future__ import annotations

import pytest

from tests.api.conftest import Client
from tests.scripts.schemas import files


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
