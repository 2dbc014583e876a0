"""Who may ask, and how: command line, JSON interface and web pages. Thin: parse, call, map errors."""
