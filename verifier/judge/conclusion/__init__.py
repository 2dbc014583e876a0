"""Judging the end document of a withdrawal (S10.9)."""
