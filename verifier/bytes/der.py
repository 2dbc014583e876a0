"""Elements of DER (X.690), as far as time-stamp tokens are looked into: definite lengths, short tags."""

from __future__ import annotations

from typing import Final

INTEGER: Final = 0x02
OCTETS: Final = 0x04
SEQUENCE: Final = 0x30
CONTEXT_0: Final = 0xA0
"""Tags as they stand in front: [0] is constructed."""


def elements(data: bytes) -> list[tuple[int, bytes]]:
    """Tag and content of the elements one after another in `data`.

    Raises `ValueError` where one is cut off.
    """
    found, at = [], 0
    while at < len(data):
        if at + 1 == len(data):
            raise ValueError("an element without a length")
        start, length = at + 2, data[at + 1]
        if length & 0x80:
            octets = length & 0x7F
            length = int.from_bytes(data[start : start + octets], "big")
            start += octets
        end = start + length
        if end > len(data):
            raise ValueError("an element that is cut off")
        found.append((data[at], data[start:end]))
        at = end
    return found


def only(data: bytes, tag: int) -> bytes:
    """Content of the one element, of this tag, that `data` consists of. Raises `ValueError`."""
    ((found, content),) = elements(data)
    if found != tag:
        raise ValueError("another tag than this structure has here")
    return content


def element(tag: int, content: bytes) -> bytes:
    """Encode one element."""
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content
