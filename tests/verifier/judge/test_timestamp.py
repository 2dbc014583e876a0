"""Time-stamp tokens made by `openssl ts`; our verdict beside that of `openssl ts -verify`."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from tests.authority import POLICY, STAMPING, Authority, Issued, issue
from tests.verifier.der import with_certificates
from yinzheng.verifier.bytes.der import CONTEXT_0, INTEGER, SEQUENCE, element
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.judge.report import Outcome
from yinzheng.verifier.judge.timestamp import (
    MAX_TOKEN,
    NONCES,
    TimeStamp,
    check_timestamp,
    judge_timestamp,
    parse_token,
    read_certificates,
    request_bytes,
)
from yinzheng.verifier.judge.trust import TimeAuthority

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the command openssl")

DIGEST = hashlib.sha256(b"what is stamped").digest()
Sample = tuple[Authority, bytes]


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises((DataFault, UsageFault)) as caught:
        action()
    return caught.value.code


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    authority = Authority(tmp_path_factory.mktemp("authority"))
    return authority, parse_token(authority.stamp(DIGEST)).der


def test_a_token_and_a_whole_answer(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    answer, token = authority.stamp(DIGEST), authority.stamp(DIGEST, "-token_out")
    first = check_timestamp(answer, DIGEST, authority.pinned())
    second = check_timestamp(token, DIGEST, authority.pinned())
    assert (first.authority, first.accuracy, first.policy) == ("authority", 1_500_100, POLICY)
    assert second.serial == first.serial + 1
    assert 0 <= second.at - first.at < 60
    assert authority.openssl_accepts(answer, DIGEST)
    assert authority.openssl_accepts(token, DIGEST, bare=True)
    assert authority.openssl_accepts(parse_token(answer).der, DIGEST, bare=True)


def test_modifications_granted(sample: Sample, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    answer = authority.stamp(DIGEST)
    modified = answer.replace(bytes.fromhex("3003020100"), bytes.fromhex("3003020101"), 1)
    assert authority.openssl_accepts(modified, DIGEST)
    assert check_timestamp(modified, DIGEST, authority.pinned()).policy == POLICY


@pytest.mark.parametrize(
    ("accuracy", "expected"),
    [("secs:2", 2_000_000), ("millisecs:3", 3000), ("microsecs:4", 4), ("secs:0", 0)],
)
def test_accuracy(tmp_path: Path, accuracy: str, expected: int) -> None:
    authority = Authority(tmp_path, accuracy=accuracy)
    stated = check_timestamp(authority.stamp(DIGEST), DIGEST, authority.pinned()).accuracy
    assert stated == (expected or None)


def test_no_accuracy(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    config = tmp_path / "config"
    config.write_text(
        "".join(line for line in config.read_text().splitlines(True) if not line.startswith("accuracy"))
    )
    assert check_timestamp(authority.stamp(DIGEST), DIGEST, authority.pinned()).accuracy is None


@pytest.mark.parametrize("ess", ["sha1", "sha256", "sha384", "sha512"])
def test_each_way_to_name_the_certificate(tmp_path: Path, ess: str) -> None:
    authority = Authority(tmp_path, ess=ess)
    token = authority.stamp(DIGEST)
    assert authority.openssl_accepts(token, DIGEST)
    assert judge_timestamp(token, DIGEST, authority.pinned()).outcome is Outcome.VALID


def test_a_digest_of_the_certificate_that_does_not_count(tmp_path: Path) -> None:
    authority = Authority(tmp_path, ess="sha224")
    assert code_of(lambda: check_timestamp(authority.stamp(DIGEST), DIGEST, authority.pinned())) == (
        "timestamp-signer"
    )


def test_intermediate_certificates(tmp_path: Path) -> None:
    root = issue("Root")
    middle = issue("Middle", root)
    bare = Authority(tmp_path / "bare", root, [middle])
    whole = Authority(tmp_path / "whole", root, [middle], with_chain=True)
    assert check_timestamp(whole.stamp(DIGEST), DIGEST, whole.pinned()).authority == "authority"
    token = bare.stamp(DIGEST)
    assert bare.openssl_accepts(token, DIGEST)
    assert code_of(lambda: check_timestamp(token, DIGEST, bare.pinned())) == "timestamp-authority"
    both = (*bare.pinned(), TimeAuthority("authority", middle.der))
    assert check_timestamp(token, DIGEST, both).authority == "authority"
    apart = (*bare.pinned(), TimeAuthority("another", middle.der))
    assert code_of(lambda: check_timestamp(token, DIGEST, apart)) == "timestamp-authority"


def test_the_authority_is_named(sample: Sample) -> None:
    authority, token = sample
    stranger = TimeAuthority("stranger", issue("Root").der)
    pinned = (stranger, *authority.pinned("known"))
    assert check_timestamp(token, DIGEST, pinned).authority == "known"
    assert code_of(lambda: check_timestamp(token, DIGEST, [stranger])) == "timestamp-authority"
    assert code_of(lambda: check_timestamp(token, DIGEST, [])) == "timestamp-authority"


def test_something_else_was_stamped(sample: Sample) -> None:
    authority, token = sample
    other = hashlib.sha256(b"something else").digest()
    assert code_of(lambda: check_timestamp(token, other, authority.pinned())) == "timestamp-imprint"
    assert not authority.openssl_accepts(token, other, bare=True)


@pytest.mark.parametrize(
    ("usage", "critical"),
    [
        ([], True),
        ([STAMPING], False),
        ([STAMPING, ExtendedKeyUsageOID.CODE_SIGNING], True),
        ([ExtendedKeyUsageOID.CODE_SIGNING], True),
    ],
)
def test_a_certificate_for_something_else(sample: Sample, usage: list[object], critical: bool) -> None:
    """`openssl ts` would not stamp with it; so a good token gets another certificate of the same key."""
    authority, token = sample
    other = twin(authority, usage=usage, critical=critical)
    altered = with_certificates(token, [other.der])
    assert code_of(lambda: check_timestamp(altered, DIGEST, authority.pinned())) == "timestamp-purpose"
    assert not authority.openssl_accepts(altered, DIGEST, bare=True)


def test_another_certificate_of_the_same_key(sample: Sample) -> None:
    """The library by itself takes it: issuer and serial number, by which it is found, are not signed."""
    authority, token = sample
    altered = with_certificates(token, [twin(authority, name="Somebody else").der])
    assert code_of(lambda: check_timestamp(altered, DIGEST, authority.pinned())) == "timestamp-signer"
    assert not authority.openssl_accepts(altered, DIGEST, bare=True)


def twin(authority: Authority, name: str = "TSA", **options: object) -> Issued:
    signer = authority.signer
    assert signer is not None
    chosen: dict[str, object] = {"usage": [STAMPING], **options}
    return issue(name, authority.root, key=signer.key, serial=signer.certificate.serial_number, **chosen)  # type: ignore[arg-type]


@pytest.mark.parametrize("days", [(-30, -1), (1, 30)])
@pytest.mark.parametrize("which", ["signer", "middle", "root"])
def test_a_certificate_that_did_not_hold(tmp_path: Path, days: tuple[int, int], which: str) -> None:
    root = issue("Root", days=days if which == "root" else (-60, 60))
    middle = issue("Middle", root, days=days if which == "middle" else (-60, 60))
    signer = issue("TSA", middle, usage=[STAMPING], days=days if which == "signer" else (-60, 60))
    authority = Authority(tmp_path, root, [middle], signer, with_chain=True)
    token = authority.stamp(DIGEST)
    assert code_of(lambda: check_timestamp(token, DIGEST, authority.pinned())) == "timestamp-expired"
    assert not authority.openssl_accepts(token, DIGEST)


@pytest.mark.parametrize("at", [-1, -40])
def test_an_altered_signature(sample: Sample, at: int) -> None:
    authority, token = sample
    altered = bytearray(token)
    altered[at] ^= 1
    assert code_of(lambda: check_timestamp(bytes(altered), DIGEST, authority.pinned())) == (
        "timestamp-signature"
    )


def test_an_altered_time(sample: Sample) -> None:
    authority, token = sample
    at = token.index(b"\x18\x0f20")  # GeneralizedTime, `20…Z`
    altered = token[: at + 4] + b"19" + token[at + 6 :]
    code = code_of(lambda: check_timestamp(altered, DIGEST, authority.pinned()))
    assert code in ("timestamp-expired", "timestamp-signature")
    assert not authority.openssl_accepts(altered, DIGEST, bare=True)


def test_weak_digests(tmp_path: Path) -> None:
    wide = Authority(tmp_path / "wide")
    answer = wide.reply(wide.query(hashlib.sha512(b"x").digest(), "-cert", algorithm="sha512"))
    assert code_of(lambda: parse_token(answer)) == "timestamp-algorithm"
    weak = Authority(tmp_path / "weak", digest="sha1")
    assert code_of(lambda: parse_token(weak.stamp(DIGEST))) == "timestamp-algorithm"


def test_a_refusal(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    refused = authority.reply(authority.query(hashlib.sha384(b"x").digest(), algorithm="sha384"))
    assert code_of(lambda: parse_token(refused)) == "timestamp-refused"


def test_no_certificate_in_it(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    bare = authority.reply(authority.query(DIGEST))
    assert code_of(lambda: parse_token(bare)) == "timestamp-malformed"


@pytest.mark.parametrize(
    "data",
    [b"", b"0", b"\x30\x00", b"\x30\x03\x02\x01\x00", b"\x30\x80", b"\x30\x84\xff", bytes(MAX_TOKEN + 1)],
)
def test_no_token(data: bytes) -> None:
    assert code_of(lambda: parse_token(data)) == "timestamp-malformed"


def test_other_tags_around_the_token(sample: Sample) -> None:
    _, token = sample
    at = token.index(CONTEXT_0, 4)
    assert code_of(lambda: parse_token(token[:at] + b"\xa1" + token[at + 1 :])) == "timestamp-malformed"
    granted = element(SEQUENCE, element(INTEGER, b"\0"))
    other = element(SEQUENCE, granted + b"\x31" + token[1:])
    assert code_of(lambda: parse_token(other)) == "timestamp-malformed"
    assert parse_token(element(SEQUENCE, granted + token)).der == token


def test_bytes_after_the_token(sample: Sample) -> None:
    _, token = sample
    assert code_of(lambda: parse_token(token + b"\0")) == "timestamp-malformed"


@given(st.data())
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_no_change_says_anything_else(sample: Sample, data: st.DataObject) -> None:
    """Bytes outside the signature exist (its own algorithm identifier); none of them changes what is said."""
    authority, token = sample
    genuine = check_timestamp(token, DIGEST, authority.pinned())
    altered = bytearray(token)
    for _ in range(data.draw(st.integers(1, 3))):
        altered[data.draw(st.integers(0, len(token) - 1))] = data.draw(st.integers(0, 255))
    found = judge_timestamp(bytes(altered[: data.draw(st.integers(0, len(token)) | st.just(len(token)))]),
                            DIGEST, authority.pinned())  # fmt: skip
    assert found.outcome in (Outcome.VALID, Outcome.INVALID, Outcome.SKIPPED)
    assert found.stamp == (genuine if found.outcome is Outcome.VALID else None)


def test_outcomes(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    authority, token = sample
    valid = judge_timestamp(token, DIGEST, authority.pinned())
    assert (valid.outcome, valid.code, valid.message) == (Outcome.VALID, "ok", "")
    assert isinstance(valid.stamp, TimeStamp)
    wrong = judge_timestamp(token, bytes(32), authority.pinned())
    assert (wrong.outcome, wrong.code, wrong.stamp) == (Outcome.INVALID, "timestamp-imprint", None)
    # Of an authority that the reader does not pin nothing is said, whatever is wrong with its token.
    strangers = [TimeAuthority("stranger", issue("Root").der)]
    odd = with_certificates(token, [twin(authority, usage=[]).der])
    for data, digest in ((token, DIGEST), (token, bytes(32)), (odd, DIGEST)):
        unknown = judge_timestamp(data, digest, strangers)
        assert (unknown.outcome, unknown.code) == (Outcome.SKIPPED, "timestamp-authority")
    purpose = judge_timestamp(odd, DIGEST, authority.pinned())
    assert (purpose.outcome, purpose.code) == (Outcome.INVALID, "timestamp-purpose")
    unread = judge_timestamp(token[:-1], DIGEST, authority.pinned())
    assert (unread.outcome, unread.code) == (Outcome.SKIPPED, "timestamp-malformed")
    nobody = judge_timestamp(token, DIGEST, [])
    assert (nobody.outcome, nobody.code) == (Outcome.SKIPPED, "time-authorities-none")
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    without = judge_timestamp(token, DIGEST, authority.pinned())
    assert (without.outcome, without.code) == (Outcome.SKIPPED, "timestamp-support")


def test_what_a_policy_pins(sample: Sample) -> None:
    authority, token = sample
    broken = TimeAuthority("broken", b"\x30\x00")
    assert code_of(lambda: check_timestamp(token, DIGEST, [broken])) == "time-authority-malformed"
    assert judge_timestamp(token, DIGEST, [broken]).outcome is Outcome.ERROR
    two = authority.root.pem + issue("Other").pem
    assert read_certificates(two, "A")[0] == TimeAuthority("A", authority.root.der)
    assert len(read_certificates(two, "A")) == 2
    assert read_certificates(authority.root.certificate.public_bytes(Encoding.DER), "A") == (
        TimeAuthority("A", authority.root.der),
    )
    for data in (b"", b"-----BEGIN CERTIFICATE-----", b"-----BEGIN nothing"):
        assert code_of(lambda data=data: read_certificates(data, "A")) == "time-authority-malformed"  # type: ignore[misc]


def test_a_request_is_one_that_others_read(sample: Sample, tmp_path: Path) -> None:
    authority, _ = sample
    for nonce in (NONCES.start, NONCES.stop - 1, NONCES.start + 12345):
        request = request_bytes(DIGEST, nonce)
        token = parse_token(authority.reply(request))
        assert (token.nonce, token.imprint) == (nonce, DIGEST)
        token.require(DIGEST)
    for digest, nonce in ((DIGEST[1:], NONCES.start), (DIGEST, NONCES.stop), (DIGEST, 1)):
        assert code_of(lambda d=digest, n=nonce: request_bytes(d, n)) == "timestamp-request"  # type: ignore[misc]


def test_our_request_has_the_library_s_bytes() -> None:
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    data = b"what is stamped"
    while True:  # its nonces have up to eight bytes, ours always eight
        theirs = TimestampRequestBuilder(data, HashAlgorithm.SHA256).build()
        assert theirs.nonce is not None
        if theirs.nonce in NONCES:
            break
    assert request_bytes(DIGEST, theirs.nonce) == theirs.as_bytes()
