"""Judging evidence packs, by obligation and by the questions a court asks (S14.4)."""
