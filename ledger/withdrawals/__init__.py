"""Withdrawals: received, carried out by everyone concerned, ended (R31 to R36)."""
