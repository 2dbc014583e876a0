"""Dossiers as they come in: a folder, the application in it, and the reviewer's list (R18, R19)."""
