"""Judging patients' receipts of consents (S13.4, S13.5)."""
