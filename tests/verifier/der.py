"""Tokens put together anew, to see what is made of them."""

from __future__ import annotations

from collections.abc import Sequence

from yinzheng.verifier.bytes.der import CONTEXT_0, SEQUENCE, element, elements, only


def with_certificates(token: bytes, certificates: Sequence[bytes]) -> bytes:
    """The token with other certificates in it; nothing that is signed changes."""
    kind, (_, wrapped) = elements(only(token, SEQUENCE))
    parts = [
        element(tag, b"".join(certificates) if tag == CONTEXT_0 else part)
        for tag, part in elements(only(wrapped, SEQUENCE))
    ]
    inner = element(SEQUENCE, b"".join(parts))
    return element(SEQUENCE, element(*kind) + element(CONTEXT_0, inner))


def signed_by(*signers: bytes) -> bytes:
    """A ContentInfo around these SignerInfos, without certificates."""
    signed_data = element(SEQUENCE, element(0x02, b"\1") + element(0x31, b"".join(signers)))
    return element(SEQUENCE, element(0x06, b"\x2a") + element(CONTEXT_0, signed_data))


def signer(*attributes: tuple[bytes, bytes]) -> bytes:
    """A SignerInfo with these signed attributes: type, and the one value in its set."""
    coded = [element(SEQUENCE, element(0x06, kind) + element(0x31, value)) for kind, value in attributes]
    return element(SEQUENCE, element(0x02, b"\1") + element(CONTEXT_0, b"".join(coded)))
