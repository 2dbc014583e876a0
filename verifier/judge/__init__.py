"""Judging what is presented: the reader's policy, the numbered obligations, and what they found (S9)."""
