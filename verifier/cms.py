"""Whether a signed CMS structure names the certificate it is to be checked with (RFC 5035, RFC 5816).

Issuer and serial number, by which a signer is found, are not covered by its signature; the attribute
SigningCertificate is. Without it a token could be shown under another certificate of the same key. Only as
much DER is read as leads to that attribute.
"""

from __future__ import annotations

import hmac
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes

_SEQUENCE, _OCTETS, _CONTEXT_0 = 0x30, 0x04, 0xA0
"""Tags as they stand in DER."""

_V1: Final = bytes.fromhex("2a864886f70d010910020c")
"""id-aa-signingCertificate, 1.2.840.113549.1.9.16.2.12: SHA-1 of the certificate."""
_V2: Final = bytes.fromhex("2a864886f70d010910022f")
"""id-aa-signingCertificateV2, 1.2.840.113549.1.9.16.2.47: SHA-256 unless it says otherwise."""

_HASHES: Final[dict[bytes, hashes.HashAlgorithm]] = {
    bytes.fromhex("608648016503040201"): hashes.SHA256(),
    bytes.fromhex("608648016503040202"): hashes.SHA384(),
    bytes.fromhex("608648016503040203"): hashes.SHA512(),
}


def names_certificate(signed: bytes, certificate: x509.Certificate) -> bool:
    """Whether the one signer of the ContentInfo `signed` names `certificate`, in every such attribute it has.

    Raises `ValueError` where the DER is not that of a CMS SignedData with one signer.
    """
    stated = [(kind, value) for kind, value in _signed_attributes(signed) if kind in (_V1, _V2)]
    return bool(stated) and all(_names(kind, value, certificate) for kind, value in stated)


def _names(kind: bytes, value: bytes, certificate: x509.Certificate) -> bool:
    """Compare the attribute's first certificate identifier, which is the signer's."""
    (_, identifiers), *_policies = _children(_only(value, _SEQUENCE))
    fields = _children(_children(identifiers)[0][1])
    algorithm: hashes.HashAlgorithm | None = hashes.SHA1() if kind == _V1 else hashes.SHA256()  # noqa: S303
    if kind == _V2 and fields[0][0] == _SEQUENCE:
        algorithm = _HASHES.get(_children(fields.pop(0)[1])[0][1])
    tag, named = fields[0]
    if algorithm is None or tag != _OCTETS:
        return False
    return hmac.compare_digest(named, certificate.fingerprint(algorithm))


def _signed_attributes(signed: bytes) -> list[tuple[bytes, bytes]]:
    """Give type (OID content) and first value of each signed attribute of the one signer."""
    _kind, (_, wrapped) = _children(_only(signed, _SEQUENCE))
    *_rest, (_, signers) = _children(_only(wrapped, _SEQUENCE))
    ((_, signer),) = _children(signers)
    (attributes,) = [content for tag, content in _children(signer) if tag == _CONTEXT_0]
    found = []
    for _, attribute in _children(attributes):
        (_, kind), (_, values) = _children(attribute)
        found.append((kind, values))
    return found


def _only(data: bytes, tag: int) -> bytes:
    """Content of the one element that `data` consists of."""
    ((found, content),) = _children(data)
    if found != tag:
        raise ValueError("another tag than this structure has here")
    return content


def _children(data: bytes) -> list[tuple[int, bytes]]:
    """Tag and content of the elements one after another in `data` (X.690, definite lengths)."""
    elements = []
    while data:
        if len(data) < 2:
            raise ValueError("an element without a length")
        tag, length, start = data[0], data[1], 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(data[2:start], "big")
        if len(data) < start + length:
            raise ValueError("an element that is cut off")
        elements.append((tag, data[start : start + length]))
        data = data[start + length :]
    return elements
