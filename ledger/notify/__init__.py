"""Notices that travel to organisations: queued, signed, delivered (S11.4)."""
