"""What the registry remembers: the database, and the sealed files of the dossiers (D9, D10)."""
