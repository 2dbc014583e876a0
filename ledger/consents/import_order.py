"""What an import derives from its seed: each line's subject, and the order in which lines are recorded.

Lines are recorded in the order of their subjects, which are random bytes: neighbours in the file, such as the
consents of one person in a file sorted by person, are no neighbours in the log (R49), and of an index over
subjects each page is written once an import (ADR 116). The seed is 32 random bytes, sealed while the import
runs and destroyed when it is finished: from then on no one can compute them, and nothing tells the order.
While it runs a resumed import finds the same order and gives the same subjects.
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
_LINE_BITS: Final = 24
_LINE: Final = 2**_LINE_BITS - 1


def order_of(seed: bytes, lines: int) -> array[int]:
    """All lines, numbers from 0 and at most 2^24, by the first six bytes of their subjects.

    Each order is as likely as any other, but for lines whose six bytes are the same, which stand as in the
    file: of ten million lines there is such a pair in one import of six.
    """
    subject = subjects_of(seed)
    heaps = [array("Q") for _ in range(256)]
    for line in range(lines):
        drawn = subject(line)
        heaps[drawn[0]].append(int.from_bytes(drawn[1:6], "big") << _LINE_BITS | line)
    order = array("I")
    for heap in heaps:
        order.extend(place & _LINE for place in sorted(heap))
    return order


def drawn_order_of(seed: bytes, lines: int) -> array[int]:
    """A random order of all lines (Fisher and Yates): that of imports begun before ADR 116."""
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
