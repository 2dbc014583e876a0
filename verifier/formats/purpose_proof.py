"""A proof for one reader, one purpose and a time, from the holder's key (R55, S21.5): for a bank, an auditor.

It goes together with the certificate's own file and what shows whose the key is, so that it proves itself. It
limits what the holder vouches for and to whom: a certificate is public, and nothing here makes it secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from yinzheng.verifier.bytes.canonical import hex_bytes, integer, one_of
from yinzheng.verifier.bytes.shape import Shaped, Versioned, read_shape
from yinzheng.verifier.bytes.wording import PARTY, check_words, set_of
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import Party, check_number

PURPOSES: Final = ("asset_booking", "audit", "financing", "other", "pledge", "recognition")
"""What a certificate serves for (R55): booking as an asset, audit, financing, pledge, standing of a firm."""

FIELDS: Final = (
    "asset",
    "authority",
    "class",
    "follows",
    "holders",
    "importance",
    "level",
    "limits",
    "notices",
    "procedure",
    "scale",
    "source",
    "type",
)
"""Fields of a certificate (S6.1) that are shown where the holder discloses them. Number, its own rights,
registry, term, remarks and standing are shown always, the other holders only under `holders`."""

LONGEST: Final = 92 * 86_400
"""Seconds a proof lasts, at most: a quarter of a year."""

_PREFIX: Final = b"yinzheng/purpose-proof/1\n"


@dataclass(frozen=True, slots=True)
class Proved(Shaped):
    """The certificate it is about: its number, and its deposit's leaf hash, 32 bytes."""

    number: Annotated[str, check_number]
    leaf: Annotated[bytes, hex_bytes(32)]


@dataclass(frozen=True, slots=True)
class PurposeProof(Versioned):
    """What the holder signs. `parse_purpose_proof` makes one that is well formed."""

    certificate: Proved
    holder: Annotated[Party, PARTY]
    reader: Annotated[Party, PARTY]
    """Who may rely on it; nobody else."""
    purpose: Annotated[str, one_of(*PURPOSES)]
    words: Annotated[str, check_words(1, 200)]
    """The purpose in words: which loan, which audit."""
    fields: Annotated[tuple[str, ...], set_of(one_of(*FIELDS), 0, len(FIELDS))]
    made_at: Annotated[int, integer()]
    not_after: Annotated[int, integer()]
    """From then on it proves nothing; at most a quarter of a year after `made_at`."""

    @property
    def message(self) -> bytes:
        """What is signed."""
        return _PREFIX + self.canonical()


def parse_proof(value: object, path: str = "$") -> PurposeProof:
    """Read what a holder signs. Raises `DataFault`: as `read_shape`, `proof-term`, `proof-self`."""
    found = read_shape(PurposeProof, value, path)
    if not found.made_at < found.not_after <= found.made_at + LONGEST:
        raise DataFault(
            "a proof ends within a quarter of a year", code="proof-term", path=f"{path}.not_after"
        )
    if found.reader.code == found.holder.code:
        raise DataFault("nobody proves a right to itself", code="proof-self", path=f"{path}.reader")
    return found
