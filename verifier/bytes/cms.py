"""What the library for time stamps leaves to us about signed CMS structures (RFC 5652, RFC 5035, RFC 5816).

Whether the signature covers which certificate it is to be checked with: issuer and serial number, by which a
signer is found, are not signed; the attribute SigningCertificate is. Without it a token could be shown under
another certificate of the same key. And the order of the certificates carried along, which some authorities
get wrong and the library insists on.
"""

from __future__ import annotations

import hmac
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from yinzheng.verifier.bytes.der import CONTEXT_0, OCTETS, SEQUENCE, element, elements, only

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

    Raises `ValueError` or `IndexError` where the DER is not that of a CMS SignedData with one signer.
    """
    stated = [(kind, value) for kind, value in _signed_attributes(signed) if kind in (_V1, _V2)]
    return bool(stated) and all(_names(kind, value, certificate) for kind, value in stated)


def in_order(signed: bytes) -> bytes:
    """The ContentInfo `signed` with the certificates it carries in the order DER asks of a set.

    OpenSSL leaves them as its operator listed them. They are not signed, so nothing is lost. Raises
    `ValueError`.
    """
    kind, (tagged, wrapped) = elements(only(signed, SEQUENCE))
    parts = [element(tag, _sorted(part) if tag == CONTEXT_0 else part) for tag, part in _parts(wrapped)]
    inner = element(SEQUENCE, b"".join(parts))
    return element(SEQUENCE, element(*kind) + element(tagged, inner))


def _sorted(content: bytes) -> bytes:
    return b"".join(sorted(element(tag, inner) for tag, inner in elements(content)))


def _parts(wrapped: bytes) -> list[tuple[int, bytes]]:
    """Parts of the SignedData; the certificates are its only [0], the signers its last."""
    return elements(only(wrapped, SEQUENCE))


def _signed_attributes(signed: bytes) -> list[tuple[bytes, bytes]]:
    """Type (content of its OID) and values of each signed attribute of the one signer."""
    _kind, (_, wrapped) = elements(only(signed, SEQUENCE))
    ((_, signer),) = elements(_parts(wrapped)[-1][1])
    (attributes,) = [content for tag, content in elements(signer) if tag == CONTEXT_0]
    found = []
    for _, attribute in elements(attributes):
        (_, kind), (_, values) = elements(attribute)
        found.append((kind, values))
    return found


def _names(kind: bytes, value: bytes, certificate: x509.Certificate) -> bool:
    """Compare the attribute's first certificate identifier, which is the signer's."""
    identifiers = elements(only(value, SEQUENCE))[0][1]
    fields = elements(elements(identifiers)[0][1])
    algorithm: hashes.HashAlgorithm | None = hashes.SHA1() if kind == _V1 else hashes.SHA256()  # noqa: S303
    if kind == _V2 and fields[0][0] == SEQUENCE:
        algorithm = _HASHES.get(elements(fields.pop(0)[1])[0][1])
    tag, named = fields[0]
    if algorithm is None or tag != OCTETS:
        return False
    return hmac.compare_digest(named, certificate.fingerprint(algorithm))
