"""What a passphrase opens, derived once (scrypt, RFC 7914).

A registry's keys lie in some ten files under one passphrase, and each derivation costs 32 MiB and 100 ms by
design. Files made together share their salt, so that whoever opens all of them pays once, as a guesser does:
one passphrase opens them all in any case. Nonces stay each file's own.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

_BYTES: Final = 32


class Derivation:
    """A passphrase, and the keys derived from it so far. Not for several threads at once."""

    def __init__(self, passphrase: bytes) -> None:
        self.passphrase = passphrase
        self._salts: dict[int, bytes] = {}
        self._derived: dict[tuple[bytes, int, int, int, int], bytes] = {}

    def salt(self, length: int) -> bytes:
        """A salt of `length` bytes for files that are made now: fresh with this object.

        Formats of files have salts of different lengths, and so no key in common.
        """
        return self._salts.setdefault(length, secrets.token_bytes(length))

    def scrypt(self, salt: bytes, *, n: int, r: int, p: int, length: int = _BYTES) -> bytes:
        """The key of `length` bytes. `maxmem` is what these costs need, for OpenSSL's own default is 32 MiB.

        Raises `ValueError` for costs that scrypt does not have.
        """
        asked = salt, n, r, p, length
        if (derived := self._derived.get(asked)) is None:
            most = 132 * n * r + (r * p << 8) + 2**20
            derived = hashlib.scrypt(self.passphrase, salt=salt, n=n, r=r, p=p, maxmem=most, dklen=length)
            self._derived[asked] = derived
        return derived
