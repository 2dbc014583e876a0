"""The worlds of withdrawals, for receipts that come past the registry."""

from tests.ledger.withdrawals.conftest import clinic, clinic_template

__all__ = ["clinic", "clinic_template"]
