"""Judging the receipt of a trade check (S20.3)."""
