"""The registries of the ledger's tests serve here too."""

from tests.ledger.conftest import demonstration_template, world

__all__ = ["demonstration_template", "world"]
