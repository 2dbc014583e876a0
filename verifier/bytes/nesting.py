"""How deep the brackets of a JSON text nest, and what it escapes, told before it is read."""

from __future__ import annotations

from typing import Final

FEW: Final = 1024
"""Pieces that a text is taken apart into; what has more is searched as it is."""


def escapes(data: bytes, characters: bytes) -> bool:
    """Whether one of these characters stands behind a stroke, whatever stands before that one."""
    # One character is found ten times faster than two are.
    pieces = data.split(b"\\", FEW)
    if len(pieces) > FEW:
        return any(bytes((0x5C, character)) in data for character in characters)
    # Between two strokes nothing is left, nor behind one that ends the text.
    return any(piece[0] in characters if piece else b"\\" in characters for piece in pieces[1:])


_OTHER_THAN_BRACKETS_AND_QUOTES: Final = bytes(set(range(256)) - set(b'[]{}"'))


def marks_of(data: bytes) -> bytes:
    """Its brackets and quotation marks, in order: read through once, however few they are."""
    return data.translate(None, _OTHER_THAN_BRACKETS_AND_QUOTES)


def nests_too_deep(data: bytes, most: int, marks: bytes | None = None) -> bool:
    """Whether brackets outside strings nest deeper than ``most``; ``marks``: its `marks_of`, where known.

    Looked at before parsing: the parser recurses, and where a library has raised the interpreter's recursion
    limit, as py-evm does, a megabyte of brackets overflows the stack and kills the process.
    """
    if escapes(data, b'"\\'):  # two by two: a stroke that is left escapes what follows it
        marks = marks_of(data.replace(rb"\\", b"").replace(rb"\"", b""))
    elif marks is None:
        marks = marks_of(data)
    # Without such escapes every other piece between quotation marks is a string.
    outside = b"".join(marks.split(b'"')[::2])
    # Pairs that hold nothing are taken out, the innermost first: each time the depth falls by one at most.
    left = outside
    for pair in (b"{}", b"[]") * (most // 2):
        left = left.replace(pair, b"")
        if not left:
            return False
    depth = 0
    for bracket in outside:
        if bracket in b"[{":
            depth += 1
            if depth > most:
                return True
        else:
            depth -= 1
    return False
