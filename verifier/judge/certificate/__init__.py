"""Judging certificates (S9)."""
