"""Judging a contract about data (S21.12)."""
