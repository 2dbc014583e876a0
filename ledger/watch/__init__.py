"""Organisations hear of every event of the certificates they watch (S22)."""
