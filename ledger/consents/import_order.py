"""What an import derives from its seed: the order in which lines are recorded, and each line's subject.

Neighbours in the file, such as the consents of one person in a file sorted by person, are no neighbours in
the log (R49). The seed is 32 random bytes, sealed while the import runs and destroyed when it is finished:
from then on subjects are random bytes that no one can compute, and nothing tells the order. While it runs a
resumed import finds the same order and gives the same subjects.
"""

from __future__ import annotations

import hashlib
import hmac
from array import array
from collections.abc import Callable
from typing import Final

from yinzheng.verifier.bytes.algorithms import KeyedSha256

SEED_BYTES: Final = 32

_ORDER: Final = b"yinzheng/import-order/1"
_SUBJECT: Final = b"yinzheng/import-subject/1"
_DRAWN: Final = 8192
"""Random numbers drawn at a time, 8 bytes each."""


def order_of(seed: bytes, lines: int) -> array[int]:
    """Give a random order of all lines (Fisher and Yates), numbers from 0.

    Each draw is of 64 bits, so that no order is likelier than another by more than 2^-40.
    """
    order = array("I", range(lines))
    key = hmac.digest(seed, _ORDER, "sha256")
    for block in range(0, max(lines - 1, 0), _DRAWN):
        drawn = array("Q", hashlib.shake_256(key + block.to_bytes(8, "big")).digest(8 * _DRAWN))
        for place in range(block, min(block + _DRAWN, lines - 1)):
            other = place + drawn[place - block] % (lines - place)
            order[place], order[other] = order[other], order[place]
    return order


def subjects_of(seed: bytes) -> Callable[[int], bytes]:
    """What gives the subject of the consent in a line, from 0: 32 bytes, random to all without the seed."""
    keyed = KeyedSha256(seed)
    return lambda line: keyed(_SUBJECT + line.to_bytes(8, "big"))
