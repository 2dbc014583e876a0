"""Evidence packs (S14): one file with which a court checks what was preserved, without us."""
