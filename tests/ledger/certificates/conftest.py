"""A registry with a registered certificate and a court that is enrolled; copied for each test."""

from tests.ledger.disputes.conftest import court, court_template

__all__ = ["court", "court_template"]
