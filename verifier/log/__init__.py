"""The public log as a reader sees it: statements, Merkle proofs, tiles, and signed heads (S3, S4)."""
