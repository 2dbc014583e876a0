"""The registry of the tests of moves."""

from tests.ledger.moves.conftest import parties_template, world

__all__ = ["parties_template", "world"]
