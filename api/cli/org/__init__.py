"""Commands of organisations and holders, on machines of their own."""
