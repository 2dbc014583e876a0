"""Witnesses of the log: who they are, asking them, and feeding them every head (D18, S4.6)."""
