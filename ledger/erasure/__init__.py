"""Erasure with proof (R43, R44, R49)."""
