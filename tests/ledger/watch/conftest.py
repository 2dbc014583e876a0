"""A registry with a certificate to watch, as the tests of disputes have it."""

from tests.ledger.disputes.conftest import court, court_template

__all__ = ["court", "court_template"]
