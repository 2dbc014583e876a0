"""The demonstration: what ./scripts/start shows. Nothing in production imports it."""
