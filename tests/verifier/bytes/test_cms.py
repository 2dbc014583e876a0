"""DER taken apart, and signers that name their certificate or do not."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from hypothesis import given
from hypothesis import strategies as st

from tests.authority import issue
from tests.verifier.der import signed_by, signer
from yinzheng.verifier.bytes.cms import in_order, names_certificate
from yinzheng.verifier.bytes.der import CONTEXT_0, OCTETS, SEQUENCE, element, elements, only

CERTIFICATE = issue("TSA").certificate
V1 = bytes.fromhex("2a864886f70d010910020c")
V2 = bytes.fromhex("2a864886f70d010910022f")
SHA384 = element(SEQUENCE, element(0x06, bytes.fromhex("608648016503040202")))
SHA224 = element(SEQUENCE, element(0x06, bytes.fromhex("608648016503040204")))


def value(*fields: bytes) -> bytes:
    """SigningCertificate with one identifier of these fields."""
    return element(SEQUENCE, element(SEQUENCE, element(SEQUENCE, b"".join(fields))))


def named(algorithm: hashes.HashAlgorithm, tag: int = OCTETS) -> bytes:
    return element(tag, CERTIFICATE.fingerprint(algorithm))


OTHER = element(OCTETS, bytes(32))


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ([(V2, value(named(hashes.SHA256())))], True),
        ([(V2, value(SHA384, named(hashes.SHA384())))], True),
        ([(V1, value(named(hashes.SHA1())))], True),
        ([(b"\x2a", b""), (V1, value(named(hashes.SHA1()))), (V2, value(named(hashes.SHA256())))], True),
        ([], False),
        ([(b"\x2a", value(named(hashes.SHA256())))], False),
        ([(V2, value(OTHER))], False),
        ([(V2, value(SHA224, OTHER))], False),
        ([(V2, value(SHA384, named(hashes.SHA256())))], False),
        ([(V2, value(named(hashes.SHA256(), tag=0x0C)))], False),
        ([(V1, value(named(hashes.SHA256())))], False),
        ([(V1, value(OTHER)), (V2, value(named(hashes.SHA256())))], False),
    ],
)
def test_who_is_named(attributes: list[tuple[bytes, bytes]], expected: bool) -> None:
    assert names_certificate(signed_by(signer(*attributes)), CERTIFICATE) is expected


def test_one_signer_alone() -> None:
    good = signer((V2, value(named(hashes.SHA256()))))
    for signers in ([], [good, good]):
        with pytest.raises(ValueError):
            names_certificate(signed_by(*signers), CERTIFICATE)
    with pytest.raises(ValueError):
        names_certificate(b"\x31" + signed_by(good)[1:], CERTIFICATE)


def test_certificates_are_put_in_order() -> None:
    def carrying(*parts: bytes) -> bytes:
        inner = element(SEQUENCE, element(0x02, b"\1") + element(CONTEXT_0, b"".join(parts)))
        return element(SEQUENCE, element(0x06, b"\x2a") + element(CONTEXT_0, inner))

    long, short, last = element(SEQUENCE, bytes(200)), element(SEQUENCE, b"\1"), element(0x31, b"")
    assert in_order(carrying(last, long, short)) == carrying(short, long, last)
    assert in_order(carrying(short, long, last)) == carrying(short, long, last)


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=400))))
def test_elements_come_back(some: list[tuple[int, bytes]]) -> None:
    data = b"".join(element(tag, content) for tag, content in some)
    assert elements(data) == some
    if data:
        with pytest.raises(ValueError):
            elements(data[:-1])
    if len(some) != 1:
        with pytest.raises(ValueError):
            only(data, SEQUENCE)


def test_lengths() -> None:
    assert element(SEQUENCE, bytes(127))[:2] == b"\x30\x7f"
    assert element(SEQUENCE, bytes(128))[:3] == b"\x30\x81\x80"
    assert element(SEQUENCE, bytes(300))[:4] == b"\x30\x82\x01\x2c"
    for bad in (b"\x30", b"\x30\x01", b"\x30\x82\x01", b"\x30\xff"):
        with pytest.raises(ValueError):
            elements(bad)
