"""Which program this is: it stands in each report, beside what it was made from."""

from typing import Final

VERSION: Final = "0.1.0"
"""As in pyproject.toml."""
