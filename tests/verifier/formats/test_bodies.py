"""Bodies of S10: read strictly, written back the same, with no place for a picture."""

import base64
import copy
import dataclasses
import hashlib
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier import bodies
from yinzheng.verifier.bytes import wording
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import _FIELDS, _OPTIONAL, Body
from yinzheng.verifier.formats.consent import Guardian, Person, parse_consent
from yinzheng.verifier.formats.notice import SCOPES, parse_notice
from yinzheng.verifier.formats.organisation import (
    KeyGrant,
    parse_enrolment,
    parse_revocation,
    parse_rotation,
    prove_possession,
    prove_succession,
)
from yinzheng.verifier.formats.standing import parse_cancellation, parse_lapse, parse_lifting, parse_remark
from yinzheng.verifier.formats.tombstone import parse_tombstone
from yinzheng.verifier.formats.veto import parse_veto
from yinzheng.verifier.log.statement import organisation_subject

Parse = Callable[[object], Any]


def guarded() -> dict[str, Any]:
    return bodies.consent() | {"guardian": bodies.guardian()}


FORMATS: dict[str, tuple[Parse, Callable[[], dict[str, Any]]]] = {
    "notice": (parse_notice, bodies.notice),
    "consent": (parse_consent, guarded),
    "enrolment": (parse_enrolment, bodies.enrolment),
    "holder enrolment": (parse_enrolment, bodies.holder_enrolment),
    "rotation": (parse_rotation, bodies.rotation),
    "holder rotation": (parse_rotation, bodies.holder_rotation),
    "decided rotation": (parse_rotation, bodies.decided_rotation),
    "veto": (parse_veto, bodies.veto),
    "account revocation": (parse_revocation, bodies.account_revocation),
    "revocation": (parse_revocation, bodies.revocation),
    "tombstone": (parse_tombstone, bodies.tombstone),
    "remark": (parse_remark, bodies.remark),
    "lifting": (parse_lifting, bodies.lifting),
    "lapse": (parse_lapse, bodies.lapse),
    "cancellation": (parse_cancellation, bodies.cancellation),
}
NOT_A_HOLDERS = {
    (bodies.holder_rotation, "binding"),
    (bodies.decided_rotation, "binding"),
    (bodies.decided_rotation, "decision"),
    (bodies.account_revocation, "account"),
}
"""Without these it is the body of one who is no holder, or of whom no forum decided."""
PHOTO = base64.b64encode(bytes(range(256))).decode()


def leaves(value: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every member at any depth, with the way to it."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, member in members:
        yield (*way, name), member
        yield from leaves(member, (*way, name))


def with_(value: Any, way: tuple[str | int, ...], other: Any) -> Any:
    changed = copy.deepcopy(value)
    inner = changed
    for name in way[:-1]:
        inner = inner[name]
    inner[way[-1]] = other
    return changed


def code_of(parse: Parse, value: object) -> str:
    with pytest.raises(DataFault) as caught:
        parse(value)
    return caught.value.code


EACH = pytest.mark.parametrize(("parse", "make"), FORMATS.values(), ids=FORMATS)


@EACH
def test_written_as_it_was_read(parse: Parse, make: Callable[[], dict[str, Any]]) -> None:
    assert parse(make()).to_json() == make()


@EACH
def test_names_are_exactly_these(parse: Parse, make: Callable[[], dict[str, Any]]) -> None:
    for way, member in [((), make()), *leaves(make())]:
        if isinstance(member, dict):
            assert code_of(parse, with_({"x": make()}, ("x", *way, "face"), "x")["x"]) == "field-unknown"
            for name in member:
                if (make, name) in NOT_A_HOLDERS:
                    continue
                cut = copy.deepcopy(make())
                inner: Any = cut
                for step in way:
                    inner = inner[step]
                del inner[name]
                assert code_of(parse, cut) == "field-missing"


@EACH
@pytest.mark.parametrize("other", [PHOTO, [1, 2, 3] * 100, {"template": "x"}, 1.5, "\u202e"])
def test_no_field_takes_raw_biometrics(parse: Parse, make: Callable[[], dict[str, Any]], other: Any) -> None:
    for way, _ in leaves(make()):
        code = code_of(parse, with_(make(), way, other))
        assert code.startswith("field-") or code in ("credit-code", "encoded-bytes", "number-malformed")


@pytest.mark.parametrize(
    ("words", "encoded"),
    [
        (PHOTO, True),
        ("ab12" * 10, True),
        ("AbCd" * 10, True),
        ("见附图 data:image/png;base64,AA", True),
        ("DATA:,x", True),
        ("https://hospital.example/" + "withdraw" * 8, False),
        ("ab12" * 9, False),
        ("凭回执撤回" * 20, False),
        ("the data: see below, always", False),
    ],
)
def test_encoded_bytes(words: str, encoded: bool) -> None:
    assert wording.looks_encoded(words) is encoded


@given(st.binary(min_size=60, max_size=120))
def test_encodings_of_bytes_are_seen(data: bytes) -> None:
    # Base64 of what is not constant has both cases or a digit somewhere in each run; hex always has digits
    # or is made of six letters, which 60 random bytes are not.
    if len(set(data)) > 20:
        assert wording.looks_encoded(base64.b64encode(data).decode())
        assert wording.looks_encoded(base64.urlsafe_b64encode(data).decode())
        assert wording.looks_encoded(data.hex())


class TestNotice:
    def test_versions(self) -> None:
        second = bodies.notice() | {"version": 2, "replaces": "33" * 32}
        assert parse_notice(second).to_json() == second
        assert code_of(parse_notice, bodies.notice() | {"replaces": "33" * 32}) == "notice-version"
        assert code_of(parse_notice, bodies.notice() | {"version": 2}) == "notice-version"

    def test_commitment(self) -> None:
        notice = parse_notice(bodies.notice())
        assert notice.digest() == digest_pair(notice.canonical())

    def test_bounds(self) -> None:
        twice = bodies.notice() | {"recipients": [bodies.recipient(), bodies.recipient()]}
        assert code_of(parse_notice, twice) == "recipient-twice"
        both = [bodies.recipient(), bodies.recipient(scope="insurance")]
        assert len(parse_notice(bodies.notice() | {"recipients": both}).recipients) == 2
        purpose = bodies.notice()["purposes"][0] | {"purpose": "研" * 200, "method": "研" * 200}
        large = bodies.notice() | {"purposes": [purpose] * 32, "kinds": ["研" * 100] * 64}
        large["safeguards"] = ["研" * 200] * 32
        assert code_of(parse_notice, large) == "body-too-large"


class TestConsent:
    def test_unset_is_no(self) -> None:
        consent = parse_consent(bodies.consent(base=True, insurance=False))
        assert consent.granted == {"base"}
        assert len(consent.scopes) == len(SCOPES) == 7

    def test_bounds(self) -> None:
        assert code_of(parse_consent, bodies.consent() | {"until": bodies.NOW}) == "term"
        answer = bodies.consent()["recipients"]
        assert code_of(parse_consent, bodies.consent() | {"recipients": answer * 2}) == "recipient-twice"
        long = [
            {**answer[0], "name": "研" * 100, "use": "研" * 200, "code": code, "scope": scope}
            for code in (bodies.LAB, bodies.INSURER, bodies.HOSPITAL)
            for scope in SCOPES
        ]
        assert len(parse_consent(bodies.consent() | {"recipients": long[:20]}).recipients) == 20
        wide = [r | {"name": "\U0002070e" * 100, "use": "\U0002070e" * 200} for r in long]
        assert code_of(parse_consent, bodies.consent() | {"recipients": wide}) == "body-too-large"

    @pytest.mark.parametrize(
        "born",
        [
            "1980-02-30",
            "80-02-03",
            19800101,
            "1900-02-29",
            "1980-13-01",
            "1980-00-01",
            "1980-01-00",
            "2023-02-29",
        ],
    )
    def test_born(self, born: object) -> None:
        person = bodies.consent()["person"] | {"born": born}
        assert code_of(parse_consent, bodies.consent() | {"person": person}).startswith("field-")

    def test_a_face_comparison_not_passed_is_none(self) -> None:
        guardian = bodies.guardian()
        guardian["live_face"]["passed"] = False
        assert code_of(parse_consent, bodies.consent() | {"guardian": guardian}) == "field-value"
        guardian |= {"live_face": None, "guardianship": None}
        assert parse_consent(bodies.consent() | {"guardian": guardian}).to_json()["guardian"] == guardian

    def test_names_do_not_show(self) -> None:
        consent = parse_consent(guarded())
        assert isinstance(consent.person, Person)
        assert isinstance(consent.guardian, Guardian)
        for secret in ("张三", "张母", "P-2026-0001", "1980"):
            assert secret not in repr(consent)
        assert consent.canonical() == parse_consent(guarded()).canonical()


class TestOrganisations:
    def test_subject(self) -> None:
        expected = digest_pair(b"yinzheng/organisation/1:" + bodies.HOSPITAL.encode()).sha256
        assert organisation_subject(bodies.HOSPITAL) == expected
        with pytest.raises(DataFault):
            organisation_subject("９")

    def test_possession(self) -> None:
        other = prove_possession(dataclasses.replace(bodies.GRANT, code=bodies.LAB), bodies.KEY)
        body = bodies.enrolment() | {"possession": other.hex()}
        assert code_of(parse_enrolment, body) == "key-possession"
        # A signature by someone else's key, and the right one over another term.
        body["possession"] = prove_possession(bodies.GRANT, bodies.NEXT).hex()
        assert code_of(parse_enrolment, body) == "key-possession"
        # Of the account it names, too: nobody on the way to the registry puts another in its place.
        for account in (None, "23" * 20):
            changed = bodies.enrolment() | {"account": account}
            assert code_of(parse_enrolment, changed) == "key-possession"
            named = bodies.rotation() | ({} if account is None else {"account": account})
            assert account is None or code_of(parse_rotation, named) == "key-possession"
        later = bodies.enrolment() | {"not_after": bodies.GRANT.not_after + 1}
        assert code_of(parse_enrolment, later) == "key-possession"
        assert code_of(parse_enrolment, bodies.enrolment() | {"key": "04" + "01" * 64}) == "sm2-key"

    @pytest.mark.parametrize("not_after", [bodies.NOW, bodies.NOW + 5 * 366 * bodies.DAY + 1])
    def test_term(self, not_after: int) -> None:
        assert code_of(parse_enrolment, bodies.enrolment() | {"not_after": not_after}) == "key-term"

    def test_roles_once_each_in_order(self) -> None:
        for roles in ([], ["party", "controller"], ["party", "party"], ["registry"]):
            assert code_of(parse_enrolment, bodies.enrolment() | {"roles": roles}).startswith("field-")
        alone = {"account": None, "possession": bodies.possession(bodies.GRANT, bodies.KEY)}
        assert parse_enrolment(bodies.enrolment() | alone).account is None

    def test_succession(self) -> None:
        rotation = parse_rotation(bodies.rotation())
        assert rotation.succeeds(bodies.KEY.public_key)
        assert not rotation.succeeds(bodies.NEXT.public_key)
        assert not dataclasses.replace(rotation, replaces=bytes(8)).succeeds(bodies.KEY.public_key)
        assert not dataclasses.replace(rotation, succession=None).succeeds(bodies.KEY.public_key)
        # Possession is proved with another prefix: it is no succession.
        proof = prove_possession(bodies.NEXT_GRANT, bodies.KEY)
        assert not dataclasses.replace(rotation, succession=proof).succeeds(bodies.KEY.public_key)
        # The key before vouches for the account that comes with the new one.
        assert not dataclasses.replace(rotation, account=b"\x22" * 20).succeeds(bodies.KEY.public_key)
        unsigned = bodies.rotation() | {"succession": None}
        assert parse_rotation(unsigned).to_json() == unsigned

    def test_another_account_comes_with_it_but_for_holders(self) -> None:
        account = b"\x22" * 20
        proof = bodies.possession(bodies.NEXT_GRANT, bodies.NEXT, account)
        moved = bodies.rotation() | {"account": account.hex(), "possession": proof}
        assert parse_rotation(moved).account == account
        assert parse_rotation(moved).to_json() == moved
        assert code_of(parse_rotation, bodies.holder_rotation() | {"account": "22" * 20}) == "holder-binding"
        assert code_of(parse_rotation, bodies.rotation() | {"account": None}) == "field-type"

    def test_a_key_does_not_replace_itself(self) -> None:
        own = bodies.rotation() | {"replaces": bodies.NEXT_GRANT.kid.hex()}
        assert code_of(parse_rotation, own) == "key-same"

    def test_told_after_it_happened(self) -> None:
        assert (
            code_of(parse_revocation, bodies.revocation(since=bodies.NOW + 12 * bodies.DAY)) == "key-instant"
        )


@settings(deadline=None)
@given(st.integers(0, 2**40), st.integers(1, 2**20))
def test_proofs_bind_every_field(start: int, term: int) -> None:
    grant = KeyGrant(bodies.LAB, bodies.NEXT.public_key.point, start, start + term)
    proof = prove_succession(grant, bodies.KEY)
    assert bodies.KEY.public_key.verify(grant.succession_message(None), proof)
    assert not bodies.KEY.public_key.verify(grant.succession_message(bytes(20)), proof)
    for change in ({"code": bodies.HOSPITAL}, {"not_before": start + 1}, {"not_after": start + term + 1}):
        other = dataclasses.replace(grant, **change)
        assert not bodies.KEY.public_key.verify(other.succession_message(None), proof)


def test_tombstone_names_each_statement_once() -> None:
    for statements in (["22" * 32, "11" * 32], ["11" * 32] * 2, []):
        assert code_of(parse_tombstone, bodies.tombstone() | {"statements": statements}) == "field-value"
    assert code_of(parse_tombstone, bodies.tombstone() | {"witnesses": 1}) == "field-value"


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_every_date_of_the_calendar(day: date) -> None:
    assert wording.check_date(day.isoformat(), "$") == day.isoformat()


@given(st.integers(1900, 2099), st.integers(0, 13), st.integers(0, 32))
def test_no_other_date(year: int, month: int, day: int) -> None:
    written = f"{year}-{month:02}-{day:02}"
    try:
        date.fromisoformat(written)
    except ValueError:
        with pytest.raises(DataFault):
            wording.check_date(written, "$")


def test_what_remarks_rest_on() -> None:
    for kind, absent in (("seizure", "document"), ("seizure", "reference"), ("pledge", "reference")):
        for parse, body in ((parse_remark, bodies.remark(kind)), (parse_lifting, bodies.lifting())):
            assert code_of(parse, {**body, "kind": kind, absent: None}) == "remark-document"
    bare = {**bodies.remark("control"), "document": None, "reference": None}
    assert parse_remark(bare).digest == bytes(32)
    assert parse_remark(bodies.remark()).digest.hex() == bodies.PAIR["sha256"]
    reference = str(bodies.pledge()["reference"]).encode()
    assert parse_remark(bodies.pledge()).digest == hashlib.sha256(reference).digest()
    assert code_of(parse_lapse, bodies.lapse() | {"at": bodies.NOW - 1}) == "lapse-early"
    for absent in ("document", "reference"):
        bare = {**bodies.cancellation(), absent: None}
        assert code_of(parse_cancellation, bare) == "cancellation-document"


def test_a_forum_decides_where_an_account_is_lost() -> None:
    body = bodies.decided_rotation()
    for other in (
        body | {"binding": bodies.holder_rotation()["binding"]},
        bodies.rotation() | {"decision": body["decision"]},
    ):
        assert code_of(parse_rotation, other) == "holder-binding"


def test_a_certificates_members_are_read_in_the_order_of_its_fields() -> None:
    """`check_body` hands them over by their place."""
    read = [*_FIELDS, *_OPTIONAL]
    assert read[0] == "v"
    fields = [field.name for field in dataclasses.fields(Body) if field.init]
    assert [{"class": "data_class"}.get(name, name) for name in read[1:]] == fields
