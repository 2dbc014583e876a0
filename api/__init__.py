"""Who may ask, and how: the command line, the JSON interface and the web pages. Thin: parse, call, map errors."""
