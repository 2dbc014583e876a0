"""How old an answer may be, in seconds, and what keeps answers young (obligation 10)."""

from typing import Final

BLOCK_AGE: Final = 3600
"""After which a block is old enough to be followed by a fresh one, on a quiet chain."""

MAX_AGE: Final = 86_400
"""Of a block, for an answer about now: a day, in the policy that the registry hands out."""
