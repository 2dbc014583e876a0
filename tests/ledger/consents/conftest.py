"""A registry with a hospital, its recipients and its notice, for each test."""

import pytest

from tests.ledger.consent_world import ConsentWorld
from yinzheng.ledger.registry import Registry


@pytest.fixture
def clinic(registry: Registry) -> ConsentWorld:
    """The hospital of `consent_world`, enrolled, with one notice published and settled."""
    return ConsentWorld(registry)
