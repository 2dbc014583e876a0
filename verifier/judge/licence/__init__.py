"""Judging the vouchers of licences (S9.7)."""
