"""The pages that an organisation's own program serves to its own people, on loopback (docs/adr/0054)."""
