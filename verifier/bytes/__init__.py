"""Bytes: one way to write them, to hash and to sign them, and strict ways to read them."""
