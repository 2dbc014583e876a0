"""The ward of the erasures has staff besides officers and committee."""

from tests.ledger.erasure.conftest import ward, ward_template

__all__ = ["ward", "ward_template"]
