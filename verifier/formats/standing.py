"""Public bodies of what becomes of a registered certificate outside of any case (S10.11): a remark, its
lifting, lapse, cancellation.

They name organisations and documents, never a person. A forum writes and signs its own: whoever has the body
and its statement works out what the chain was told.
"""

from dataclasses import dataclass
from typing import Annotated, Final

from yinzheng.verifier.bytes.algorithms import DigestPair, sha256
from yinzheng.verifier.bytes.canonical import hex_bytes, integer, nullable, one_of
from yinzheng.verifier.bytes.shape import Versioned, read_shape
from yinzheng.verifier.bytes.wording import PARTY, check_words
from yinzheng.verifier.chain.layout import GROUNDS, INITIATORS, Ending
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import REMARKS, Party, check_number

MAX_STANDING: Final = 8192
"""Canonical bytes of one of these bodies; their fields' sizes keep it below."""

PLEDGE, SEIZURE = "pledge", "seizure"

NOTHING: Final = bytes(32)
"""In the place of a digest that there is none of."""

_DIGEST = nullable(DigestPair.from_json)
_REFERENCE = nullable(check_words(1, 200))


@dataclass(frozen=True, slots=True)
class Remark(Versioned):
    """Body of `remark.entered` (R16, R55)."""

    certificate: Annotated[str, check_number]
    kind: Annotated[str, one_of(*REMARKS)]
    text: Annotated[str, check_words(0, 200)]
    """What readers of the certificate are told."""
    document: Annotated[DigestPair | None, _DIGEST]
    """Of the bytes of the document it rests on."""
    reference: Annotated[str | None, _REFERENCE]
    """How that is cited; of a pledge its register and number."""
    by: Annotated[Party, PARTY]
    """The registry, or the forum that ordered it."""
    at: Annotated[int, integer()]

    @property
    def digest(self) -> bytes:
        """32 bytes: what the chain keeps of what it rests on (S5.24); of a pledge its reference's."""
        return sha256((self.reference or "").encode()) if self.kind == PLEDGE else _sha256(self.document)


@dataclass(frozen=True, slots=True)
class Lifting(Versioned):
    """Body of `remark.lifted`."""

    certificate: Annotated[str, check_number]
    kind: Annotated[str, one_of(*REMARKS)]
    remark: Annotated[bytes | None, nullable(hex_bytes(32))]
    """Leaf hash of the statement that entered it; None: it came with the certificate."""
    text: Annotated[str, check_words(0, 200)]
    document: Annotated[DigestPair | None, _DIGEST]
    reference: Annotated[str | None, _REFERENCE]
    by: Annotated[Party, PARTY]
    at: Annotated[int, integer()]

    @property
    def digest(self) -> bytes:
        """As `Remark.digest`."""
        return sha256((self.reference or "").encode()) if self.kind == PLEDGE else _sha256(self.document)


@dataclass(frozen=True, slots=True)
class Lapse(Versioned):
    """Body of `certificate.lapsed`: its validity ended, and nobody did anything (R10)."""

    certificate: Annotated[str, check_number]
    valid_until: Annotated[int, integer()]
    at: Annotated[int, integer()]


@dataclass(frozen=True, slots=True)
class Cancellation(Versioned):
    """Body of `certificate.cancelled` (R7)."""

    certificate: Annotated[str, check_number]
    ground: Annotated[str, one_of(*GROUNDS)]
    initiator: Annotated[str, one_of(*INITIATORS)]
    document: Annotated[DigestPair | None, _DIGEST]
    """The effective document, or the evidence; of holders their joint request."""
    reference: Annotated[str | None, _REFERENCE]
    by: Annotated[Party, PARTY]
    """The registry, or the forum."""
    at: Annotated[int, integer()]

    @property
    def ending(self) -> Ending:
        """What the chain's record keeps of it (S5.3)."""
        return Ending(self.initiator, self.ground)


def parse_remark(value: object) -> Remark:
    """Read a remark. Raises `DataFault`: a code of `read_object`, `credit-code`, `encoded-bytes`,
    `remark-document` (a seizure without document and reference, or a pledge without reference).
    """
    remark = read_shape(Remark, value)
    _require_grounds(remark)
    return remark


def parse_lifting(value: object) -> Lifting:
    """Read a lifting. Raises as `parse_remark`."""
    lifting = read_shape(Lifting, value)
    _require_grounds(lifting)
    return lifting


def parse_lapse(value: object) -> Lapse:
    """Read a lapse. Raises `DataFault`: a code of `read_object`, or `lapse-early` (validity is not past)."""
    lapse = read_shape(Lapse, value)
    if lapse.at <= lapse.valid_until:
        raise DataFault("a certificate lapses after its validity", code="lapse-early", path="$.at")
    return lapse


def parse_cancellation(value: object) -> Cancellation:
    """Read a cancellation.

    Raises `DataFault`: a code of `read_object`, `credit-code`, `encoded-bytes`, or `cancellation-document`
    (evidence is mandatory, R7; a forum's document is cited).
    """
    found = read_shape(Cancellation, value)
    if found.document is None or (found.initiator == "forum" and found.reference is None):
        raise DataFault(
            "a cancellation names its evidence, and a forum's how its document is cited",
            code="cancellation-document",
            hint="Give the document and its reference (R7).",
            path="$.document",
        )
    return found


def _require_grounds(found: Remark | Lifting) -> None:
    seized = found.kind == SEIZURE and (found.document is None or found.reference is None)
    if seized or (found.kind == PLEDGE and found.reference is None):
        raise DataFault(
            "a seizure names its document and how it is cited, a pledge its register and number",
            code="remark-document",
            hint="Give --document and --reference for a seizure, --reference for a pledge (R16, R55).",
            path="$.document",
        )


def _sha256(document: DigestPair | None) -> bytes:
    return NOTHING if document is None else document.sha256
