"""Organisations, their keys and what they sign (R41)."""
