"""The state folder: where an instance lies, its creation and copies, and what is kept beside the database."""
