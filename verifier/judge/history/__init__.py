"""Judging the history of a right across its certificates (S23)."""
