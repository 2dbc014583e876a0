"""The public log: one Merkle tree over the statements, written as C2SP tiles (D4, S4)."""
