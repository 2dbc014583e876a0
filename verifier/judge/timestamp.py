"""Time-stamp tokens (RFC 3161) as a second clock, checked offline under pinned authorities (S10.10).

The chain's own time is the word of its validators. A token of an authority that has nothing to do with them
says the same in a form any court's expert can check with tools of their own. Chain and signature are checked
by the library `rfc3161-client`, an optional extra imported only when needed; what it leaves out is checked
here: which digest was stamped and by what algorithm, and that the token names its signer's certificate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from yinzheng.verifier.bytes.cms import in_order, names_certificate
from yinzheng.verifier.bytes.der import INTEGER, SEQUENCE, element, elements, only
from yinzheng.verifier.errors import DataFault, UsageFault, YinzhengError
from yinzheng.verifier.judge.report import Outcome
from yinzheng.verifier.judge.trust import TimeAuthority

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse, TimeStampTokenInfo

MAX_TOKEN: Final = 65_536
"""Bytes of a token or of an authority's answer."""

NONCES: Final = range(2**62, 2**63)
"""Nonces of our requests: eight bytes in DER, whichever is taken."""

_SHA256: Final = "2.16.840.1.101.3.4.2.1"
_STRONG: Final = frozenset({_SHA256, "2.16.840.1.101.3.4.2.2", "2.16.840.1.101.3.4.2.3"})
"""SHA-256, SHA-384, SHA-512. Who chooses what is stamped could have found a collision of a weaker one."""

_GRANTED: Final = ((INTEGER, b"\0"), (INTEGER, b"\1"))
"""PKIStatus `granted`, and `grantedWithMods`: what was changed is in the token, and checked there."""

_OUTCOMES: Final = {
    "timestamp-support": Outcome.SKIPPED,
    "timestamp-authority": Outcome.SKIPPED,
    "timestamp-malformed": Outcome.SKIPPED,
    "timestamp-algorithm": Outcome.SKIPPED,
    "timestamp-refused": Outcome.SKIPPED,
    "time-authority-malformed": Outcome.ERROR,
}
"""Outcomes of faults by which nothing failed: nobody the reader knows, or nothing that can be read here, says
a time. A token so is not covered; what it lies beside is none the worse for it."""


@dataclass(frozen=True, slots=True)
class TimeStamp:
    """What a checked token says."""

    authority: str
    """Name under which the reader's policy pins it."""
    at: int
    """UTC seconds; a fraction is cut off."""
    accuracy: int | None
    """Microseconds by which the true time may lie either side; None where the authority does not say."""
    policy: str
    """Object identifier of the authority's policy, dotted."""
    serial: int


@dataclass(frozen=True, slots=True)
class TimeStampFinding:
    """What came of checking one token; `code` is `ok` when VALID, and only then there is a `stamp`."""

    outcome: Outcome
    code: str
    message: str
    stamp: TimeStamp | None = None


def request_bytes(digest: bytes, nonce: int) -> bytes:
    """Give the DER of a TimeStampReq for a SHA-256 `digest`, asking for the signer's certificate.

    Raises `UsageFault` (`timestamp-request`) for a digest not of 32 bytes or a nonce outside `NONCES`.
    """
    if len(digest) != 32 or nonce not in NONCES:
        raise UsageFault("a time stamp takes 32 bytes and a nonce of 63 bits", code="timestamp-request")
    imprint = bytes.fromhex("3031300d060960864801650304020105000420") + digest
    return b"\x30\x43\x02\x01\x01" + imprint + b"\x02\x08" + nonce.to_bytes(8, "big") + b"\x01\x01\xff"


@dataclass(frozen=True, slots=True)
class Token:
    """A token taken apart, with its signer's certificate; nobody has vouched for it yet."""

    der: bytes
    """The bare token, a CMS ContentInfo."""
    imprint: bytes
    nonce: int | None
    at: int
    """UTC seconds; a fraction is cut off."""
    accuracy: int | None
    policy: str
    serial: int
    signer: x509.Certificate
    carried: tuple[x509.Certificate, ...]
    """All certificates in it, the signer's among them."""
    named: bool
    """Whether what is signed names that very certificate."""
    held: bool
    """Whether that certificate held at the time stamped."""

    def require(self, digest: bytes) -> None:
        """Check all that needs no pinned authority.

        Raises `DataFault`: `timestamp-imprint` (another digest was stamped), `timestamp-purpose` (the
        certificate is not for time stamps alone), `timestamp-signer` (the token names another certificate),
        `timestamp-expired` (the certificate did not hold at the time stamped).
        """
        if self.imprint != digest:
            raise DataFault("the token stamps something else", code="timestamp-imprint")
        if not _is_for_stamping(self.signer):
            raise DataFault("the certificate is not one for time stamps", code="timestamp-purpose")
        if not self.named:
            raise DataFault("the token does not name its signer's certificate", code="timestamp-signer")
        if not self.held:
            raise _expired()


def parse_token(data: bytes) -> Token:
    """Read a token, or an authority's whole answer (TimeStampResp), in DER.

    Raises `DataFault`: `timestamp-refused` (an answer without a token), `timestamp-malformed`,
    `timestamp-algorithm` (not SHA-256 over what is stamped, or a weak digest inside); `UsageFault`
    (`timestamp-support`) where the extra is not installed.
    """
    library = _library()
    if len(data) > MAX_TOKEN:
        raise _malformed()
    with _reading():
        der = _bare(data)
        return _taken_apart(der, library.decode_timestamp_response(_as_answer(der)))


def check_timestamp(data: bytes, digest: bytes, authorities: Sequence[TimeAuthority]) -> TimeStamp:
    """Check a token over a SHA-256 `digest` (32 bytes) under pinned authorities.

    Certificates that the policy pins under one name are one authority: its root, and such intermediate ones
    as its tokens leave out. Certificates need to have held at the time stamped, not now (RFC 3161 section
    2.3). Revocation is not looked at: it would need the network.

    Raises `DataFault`: as `parse_token`, `timestamp-authority` (no pinned authority issued its certificate),
    then as `Token.require`, and `timestamp-signature` (altered), `time-authority-malformed` (the policy's
    certificate); `UsageFault` (`timestamp-support`).
    """
    token = parse_token(data)
    pinned = _pinned(authorities)
    if not _descends(token, [one for each in pinned.values() for one in each]):
        raise _unknown_authority()
    token.require(digest)
    name = _vouching(token, digest, pinned)
    return TimeStamp(name, token.at, token.accuracy, token.policy, token.serial)


def judge_timestamp(data: bytes, digest: bytes, authorities: Sequence[TimeAuthority]) -> TimeStampFinding:
    """Check a token as `check_timestamp` and give the outcome instead of raising.

    SKIPPED with `time-authorities-none` where the policy pins none, with `timestamp-authority` where it pins
    others, with `timestamp-support` where the extra is not installed, with the fault's code where the token
    cannot be read or counts too little; ERROR where what the policy pins is no certificate, which is not the
    token's fault; otherwise INVALID with the fault's code: a pinned authority's token that does not hold.
    """
    if not authorities:
        return TimeStampFinding(
            Outcome.SKIPPED, "time-authorities-none", "the policy pins no time-stamping authority"
        )
    try:
        stamp = check_timestamp(data, digest, authorities)
    except YinzhengError as fault:
        outcome = _OUTCOMES.get(fault.code, Outcome.INVALID)
        return TimeStampFinding(outcome, fault.code, fault.message)
    return TimeStampFinding(Outcome.VALID, "ok", "", stamp)


def read_certificates(data: bytes, name: str) -> tuple[TimeAuthority, ...]:
    """Read one certificate in DER, or all in PEM, as an authority of that name for a policy.

    Raises `DataFault` (`time-authority-malformed`).
    """
    try:
        if b"-----BEGIN" in data:
            found = x509.load_pem_x509_certificates(data)
        else:
            found = [x509.load_der_x509_certificate(data)]
    except Exception as error:  # as in `_reading`
        raise _not_a_certificate(name) from error
    return tuple(TimeAuthority(name, one.public_bytes(Encoding.DER)) for one in found)


def _library() -> ModuleType:
    """Give the library. The import is here: this extra is optional."""
    try:
        import rfc3161_client
    except ImportError as error:
        raise UsageFault(
            "reading time stamps is not installed",
            code="timestamp-support",
            hint="Install it with: pip install 'yinzheng[timestamps]'.",
        ) from error
    return rfc3161_client


@contextmanager
def _reading() -> Iterator[None]:
    """Turn whatever parsers let escape on foreign bytes into one fault.

    All of it: `ValueError`, `KeyError` and `x509.InvalidVersion`, which is neither, have been seen.
    """
    try:
        yield
    except DataFault:
        raise
    except Exception as error:
        raise _malformed() from error


def _taken_apart(der: bytes, response: TimeStampResponse) -> Token:
    info: TimeStampTokenInfo = response.tst_info
    stamped = info.message_imprint
    algorithms = {oid.dotted_string for oid in response.signed_data.digest_algorithms}
    if stamped.hash_algorithm.dotted_string != _SHA256 or not algorithms <= _STRONG:
        raise DataFault("the token uses a digest that does not count here", code="timestamp-algorithm")
    carried = tuple(x509.load_der_x509_certificate(der) for der in response.signed_data.certificates)
    signer = _signer(response, carried)
    return Token(
        der=der,
        imprint=stamped.message,
        nonce=info.nonce,
        at=int(info.gen_time.timestamp()),
        accuracy=_microseconds(info),
        policy=info.policy.dotted_string,
        serial=info.serial_number,
        signer=signer,
        carried=carried,
        named=names_certificate(der, signer),
        held=signer.not_valid_before_utc <= info.gen_time <= signer.not_valid_after_utc,
    )


def _microseconds(info: TimeStampTokenInfo) -> int | None:
    stated = info.accuracy
    if stated is None:
        return None
    return (stated.seconds or 0) * 1_000_000 + (stated.millis or 0) * 1000 + (stated.micros or 0)


def _signer(response: TimeStampResponse, carried: Sequence[x509.Certificate]) -> x509.Certificate:
    """Find the certificate that the token's one signer names by issuer and serial number."""
    (signer,) = response.signed_data.signer_infos
    named = [c for c in carried if (c.issuer, c.serial_number) == (signer.issuer, signer.serial_number)]
    (certificate,) = named
    return certificate


def _is_for_stamping(certificate: x509.Certificate) -> bool:
    """Whether its extended key usage is critical and time stamping alone (RFC 3161 section 2.3)."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
    return usage.critical and list(usage.value) == [ExtendedKeyUsageOID.TIME_STAMPING]


def _descends(token: Token, pinned: Sequence[x509.Certificate]) -> bool:
    """Whether the signer's certificate descends from one that is pinned, whatever their dates and uses."""
    line, others = [token.signer], [one for one in token.carried if one != token.signer]
    while line:
        child = line.pop()
        if child in pinned or any(_issued(child, parent) for parent in pinned):
            return True
        parents = [other for other in others if _issued(child, other)]
        others = [other for other in others if other not in parents]
        line += parents
    return False


def _issued(child: x509.Certificate, parent: x509.Certificate) -> bool:
    try:
        child.verify_directly_issued_by(parent)
    except Exception:  # as in `_reading`; a certificate that cannot be checked vouches for nothing
        return False
    return True


def _vouching(token: Token, digest: bytes, authorities: Mapping[str, list[x509.Certificate]]) -> str:
    """Name the first pinned authority under which chain and signature hold."""
    library = _library()
    fault = _unknown_authority()
    for name, pinned in authorities.items():
        verifier = library.VerifierBuilder(roots=pinned).build()
        answer = library.decode_timestamp_response(_as_answer(token.der))
        try:
            with _reading():
                verifier.verify(answer, digest)
        except DataFault as refused:
            fault = _why(str(refused.__cause__)) or fault
        else:
            return name
    raise fault


def _pinned(authorities: Sequence[TimeAuthority]) -> dict[str, list[x509.Certificate]]:
    pinned: dict[str, list[x509.Certificate]] = {}
    for authority in authorities:
        try:
            certificate = x509.load_der_x509_certificate(authority.certificate)
        except Exception as error:  # as in `_reading`
            raise _not_a_certificate(authority.name) from error
        pinned.setdefault(authority.name, []).append(certificate)
    return pinned


def _why(error: str) -> DataFault | None:
    """Tell from OpenSSL's words why it refused; None where the authority is simply another one.

    Only the reason given depends on these words. That it is refused does not.
    """
    if "certificate verify error" not in error:
        return DataFault("the token was altered: its signature does not hold", code="timestamp-signature")
    return _expired() if "expired" in error or "not yet valid" in error else None


def _bare(data: bytes) -> bytes:
    """Give the token that `data` is, or that it holds if it is an answer: that one begins with a SEQUENCE."""
    (tag, status), *rest = elements(only(data, SEQUENCE))
    if tag != SEQUENCE:
        return data
    if elements(status)[0] not in _GRANTED:
        raise DataFault("the authority refused to stamp", code="timestamp-refused")
    (token,) = rest
    return element(*token)


def _as_answer(token: bytes) -> bytes:
    """Give the token as an answer `granted`, which is what the library reads."""
    status = element(SEQUENCE, element(INTEGER, b"\0"))
    return element(SEQUENCE, status + in_order(token))


def _unknown_authority() -> DataFault:
    return DataFault("no pinned authority vouches for this token", code="timestamp-authority")


def _expired() -> DataFault:
    return DataFault(
        "a certificate of the authority did not hold at the time stamped", code="timestamp-expired"
    )


def _not_a_certificate(name: str) -> DataFault:
    return DataFault(
        f"what is pinned for {name} is not a certificate",
        code="time-authority-malformed",
        hint="Get the authority's root certificate, in PEM or DER, from the authority itself.",
    )


def _malformed() -> DataFault:
    return DataFault("this is not a time-stamp token", code="timestamp-malformed")
