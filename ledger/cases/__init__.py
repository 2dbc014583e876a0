"""The use cases of a first registration, one module for each part of its course (R8)."""
