"""Notices and consents: published, given, received in bulk, shown to their subjects (R26 to R30)."""
