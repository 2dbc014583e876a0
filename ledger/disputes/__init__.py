"""Disputes: opened, evidence preserved, released, handed to a court (R37 to R40)."""
