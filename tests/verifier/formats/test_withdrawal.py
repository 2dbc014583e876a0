"""Bodies of a withdrawal: strict, coherent, and adding up."""

import copy
import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier import bodies, withdrawals
from tests.verifier.bodies import HOSPITAL, INSURER, LAB, NOW
from tests.verifier.formats.test_bodies import PHOTO, code_of, leaves, with_
from tests.verifier.withdrawals import (
    HOUR,
    INSURER_GRANT,
    INSURER_STATISTICS,
    LAB_RESEARCH,
    RECEIVED,
    START,
    duty,
    part,
)
from yinzheng.verifier.bytes.algorithms import sha256
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.consent import parse_consent
from yinzheng.verifier.formats.notice import ROUTES, SCOPES
from yinzheng.verifier.formats.withdrawal import (
    MAX_REQUEST,
    Grant,
    deadlines,
    granted,
    parse_requested,
    portion,
    remaining,
)
from yinzheng.verifier.formats.withdrawal_steps import MAX_STEP, Completed, Received, parse_step, step_bytes

BODIES: dict[str, Callable[[], dict[str, Any]]] = {
    "withdrawal.requested": withdrawals.requested,
    "withdrawal.verified": withdrawals.verified,
    "withdrawal.frozen": withdrawals.frozen,
    "withdrawal.notified": withdrawals.notified,
    "withdrawal.receipt": withdrawals.received,
    "withdrawal.completed": withdrawals.completed,
    "withdrawal.restricted": withdrawals.restricted,
}
EACH = pytest.mark.parametrize(("kind", "make"), BODIES.items(), ids=BODIES)


def step_code(kind: str, value: object) -> str:
    return code_of(lambda body: parse_step(kind, body), value)


class TestEachBody:
    @EACH
    def test_written_as_it_was_read(self, kind: str, make: Callable[[], dict[str, Any]]) -> None:
        step = parse_step(kind, make())
        assert step.to_json() == make()
        assert len(step_bytes(step)) < MAX_STEP

    @EACH
    def test_names_are_exactly_these(self, kind: str, make: Callable[[], dict[str, Any]]) -> None:
        for way, member in [((), make()), *leaves(make())]:
            if not isinstance(member, dict):
                continue
            grown = with_({"x": make()}, ("x", *way, "face"), "x")["x"]
            assert step_code(kind, grown) == "field-unknown"
            for name in member:
                cut = copy.deepcopy(make())
                inner: Any = cut
                for step in way:
                    inner = inner[step]
                del inner[name]
                assert step_code(kind, cut) == "field-missing"

    @EACH
    @pytest.mark.parametrize("other", [PHOTO, [1, 2, 3] * 100, {"template": "x"}, 1.5, "\u202e"])
    def test_no_field_takes_raw_biometrics(
        self, kind: str, make: Callable[[], dict[str, Any]], other: Any
    ) -> None:
        for way, _ in leaves(make()):
            code = step_code(kind, with_(make(), way, other))
            assert code.startswith("field-") or code in ("credit-code", "encoded-bytes")

    @pytest.mark.parametrize(
        ("kind", "changes", "code"),
        [
            ("withdrawal.verified", {"document": None}, "withdrawal-identity"),
            ("withdrawal.verified", {"way": "receipt"}, "withdrawal-identity"),
            ("withdrawal.verified", {"guardian": None}, "withdrawal-guardian"),
            ("withdrawal.verified", {"acting": "subject"}, "withdrawal-guardian"),
            ("withdrawal.notified", {"ethics_told": False}, "withdrawal-ethics"),
            ("withdrawal.notified", {"ethics_at": None}, "withdrawal-ethics"),
            ("withdrawal.restricted", {"until": NOW}, "withdrawal-end"),
            ("withdrawal.restricted", {"until": NOW + 50 * 366 * 86_400 + 1}, "withdrawal-end"),
            ("withdrawal.restricted", {"kept": []}, "field-value"),
            ("withdrawal.restricted", {"ground": "convenience"}, "field-value"),
            ("withdrawal.completed", {"receipts": ["d2" * 32, "d1" * 32]}, "field-value"),
            ("withdrawal.completed", {"receipts": ["d1" * 32] * 2}, "field-value"),
            (
                "withdrawal.completed",
                {"exempt": [{"code": INSURER, "reason": "anonymised"}] * 2},
                "field-value",
            ),
            ("withdrawal.completed", {"exempt": [{"code": INSURER, "reason": "costly"}]}, "field-value"),
        ],
    )
    def test_fields_that_contradict_each_other(self, kind: str, changes: dict[str, Any], code: str) -> None:
        assert step_code(kind, BODIES[kind]() | changes) == code

    def test_checked_by_receipt_alone(self) -> None:
        body = withdrawals.verified() | {"way": "receipt", "document": None}
        assert parse_step("withdrawal.verified", body).to_json() == body

    def test_other_statements_are_none_of_a_withdrawal(self) -> None:
        assert step_code("consent.granted", withdrawals.frozen()) == "withdrawal-type"

    def test_a_receipt_belongs_to_its_withdrawal(self) -> None:
        step = parse_step("withdrawal.receipt", withdrawals.received())
        assert isinstance(step, Received)
        assert step.withdrawal.hex() == withdrawals.ID

    def test_the_end_is_among_the_steps(self) -> None:
        assert isinstance(parse_step(Completed.TYPE, withdrawals.completed()), Completed)


def everything(**changes: Any) -> dict[str, Any]:
    """An adult takes all back; the insurer has only anonymised data."""
    body = withdrawals.requested() | {
        "extent": {"everything": True, "scopes": [], "recipients": []},
        "taken": part(["base", "third_party_research"], INSURER_STATISTICS, LAB_RESEARCH),
        "remains": part([]),
        "minor": False,
        "freeze_by": None,
        "recipients": [duty(INSURER, "exempt"), duty(LAB), duty(HOSPITAL, "clear_links")],
    }
    return body | changes


def one_recipient() -> dict[str, Any]:
    return withdrawals.requested() | {
        "extent": {"everything": False, "scopes": [], "recipients": [INSURER]},
        "taken": part([], INSURER_STATISTICS, INSURER_GRANT),
        "remains": part(["insurance"], LAB_RESEARCH),
        "recipients": [duty(INSURER), duty(HOSPITAL, "clear_links")],
    }


class TestRequested:
    @pytest.mark.parametrize("make", [everything, one_recipient])
    def test_kinds_of_extent(self, make: Callable[[], dict[str, Any]]) -> None:
        assert parse_requested(make()).to_json() == make()

    @pytest.mark.parametrize(
        "changes",
        [
            # Everything and a part; nothing named; nothing taken.
            {"extent": {"everything": True, "scopes": ["third_party_research"], "recipients": []}},
            {"extent": {"everything": False, "scopes": [], "recipients": []}},
            {
                "extent": {"everything": True, "scopes": [], "recipients": []},
                "taken": part([]),
                "remains": part([]),
            },
            # Everything, and yet something remains.
            {"extent": {"everything": True, "scopes": [], "recipients": []}},
            # Everything, and parts of it besides.
            {
                "extent": {"everything": True, "scopes": ["base"], "recipients": []},
                "taken": part(["base", "insurance", "third_party_research"], INSURER_GRANT, LAB_RESEARCH),
                "remains": part([]),
            },
            # In both.
            {"remains": part(["base", "third_party_research"], INSURER_GRANT)},
            {"remains": part(["base"], LAB_RESEARCH)},
            # More or less than was filed.
            {"taken": part(["base", "third_party_research"], LAB_RESEARCH)},
            {"taken": part(["third_party_research"], INSURER_GRANT, LAB_RESEARCH), "remains": part([])},
            {"taken": part(["third_party_research"])}
            | {"remains": part([], LAB_RESEARCH), "recipients": [duty(HOSPITAL, "clear_links")]},
            # A recipient that had no part.
            {"extent": {"everything": False, "scopes": ["third_party_research"], "recipients": [HOSPITAL]}},
        ],
    )
    def test_taken_and_remains_follow_from_the_extent(self, changes: dict[str, Any]) -> None:
        assert code_of(parse_requested, withdrawals.requested() | changes) == "withdrawal-extent"

    @pytest.mark.parametrize(
        "changes",
        [
            {"destroy_by": START + 72 * HOUR + 1},
            {"freeze_by": None},
            {"freeze_by": START + 48 * HOUR - 1},
            {"minor": False},
            {"received_at": RECEIVED + HOUR},
        ],
    )
    def test_clocks_follow_from_the_receipt(self, changes: dict[str, Any]) -> None:
        assert code_of(parse_requested, withdrawals.requested() | changes) == "withdrawal-clock"

    @given(st.integers(0, 2**40))
    def test_no_clock_ends_later_than_is_lawful(self, received_at: int) -> None:
        destroy_by, freeze_by = deadlines(received_at, minor=True)
        assert freeze_by is not None
        assert received_at + 71 * HOUR < destroy_by <= received_at + 72 * HOUR
        assert received_at + 47 * HOUR < freeze_by <= received_at + 48 * HOUR
        assert deadlines(received_at, minor=False) == (destroy_by, None)

    @pytest.mark.parametrize(
        "duties",
        [
            [duty(HOSPITAL, "clear_links")],
            [duty(LAB)],
            [duty(HOSPITAL, "clear_links"), duty(LAB)],
            [duty(LAB), duty(LAB), duty(HOSPITAL, "clear_links")],
            [duty(LAB, "exempt"), duty(HOSPITAL, "clear_links")],
            [duty(INSURER), duty(LAB), duty(HOSPITAL, "clear_links")],
            [duty(INSURER, "clear_links"), duty(LAB), duty(HOSPITAL, "clear_links")],
        ],
    )
    def test_duties_follow_from_what_is_taken(self, duties: list[dict[str, Any]]) -> None:
        duties = sorted(duties, key=lambda d: d["code"]) if len(duties) != 2 else duties
        assert code_of(parse_requested, withdrawals.requested() | {"recipients": duties}) == (
            "withdrawal-duties"
        )

    @pytest.mark.parametrize(
        "wrong",
        [
            duty(LAB) | {"salt": None},
            duty(LAB) | {"reason": "anonymised"},
            duty(LAB, "exempt") | {"salt": "00" * 32},
            duty(LAB, "exempt") | {"reason": None},
        ],
    )
    def test_the_exempt_alone_have_a_reason_and_no_salt(self, wrong: dict[str, Any]) -> None:
        body = withdrawals.requested() | {"recipients": [wrong, duty(HOSPITAL, "clear_links")]}
        assert code_of(parse_requested, body) == "field-value"

    def test_lists_have_one_form(self) -> None:
        for grants in (
            (LAB_RESEARCH, LAB_RESEARCH),
            (LAB_RESEARCH, INSURER_GRANT),
            (LAB_RESEARCH, (LAB, "third_party_research", "identifiable")),
        ):
            body = withdrawals.requested() | {"taken": part(["third_party_research"], *grants)}
            assert code_of(parse_requested, body) == "field-value"

    def test_who_is_on_chain(self) -> None:
        request = parse_requested(everything())
        salted = {code: sha256(code.encode() + code.encode().ljust(32, b"\0")) for code in (LAB, HOSPITAL)}
        assert request.owing == salted
        assert request.controller == HOSPITAL
        assert request.chain_received_at == START
        assert request.canonical() == step_bytes(request)
        assert "salt" not in repr(request)

    def test_the_largest_fits(self) -> None:
        scopes = sorted(SCOPES)
        codes = _codes(31)
        grants = [(code, "public_health_statistics", "identifiable") for code in codes]
        duties = [duty(code) | {"name": "\U0002070e" * 100} for code in codes]
        controller = duty(HOSPITAL, "clear_links") | {"name": "\U0002070e" * 100}
        body = everything(
            taken=part(scopes, *grants), recipients=sorted([*duties, controller], key=lambda d: d["code"])
        )
        assert len(parse_requested(body).canonical()) < MAX_REQUEST


def _codes(count: int) -> list[str]:
    """Valid credit codes (GB 32100-2015), ascending."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    found = []
    for number in range(count):
        head = f"91310000{number:08d}0"
        total = sum(alphabet.index(c) * pow(3, at, 31) for at, c in enumerate(head))
        found.append(head + alphabet[(31 - total % 31) % 31])
    return sorted(found)


def consent_of(scopes: dict[str, bool], grants: list[tuple[str, str, str]]) -> Any:
    body = bodies.consent(**scopes)
    body["recipients"] = [
        {**bodies.recipient(code, scope, route), "answer": True} for code, scope, route in grants
    ] + [{**bodies.recipient(HOSPITAL, "insurance"), "answer": None}]
    return parse_consent(body)


GRANTS = st.lists(
    st.tuples(st.sampled_from([LAB, INSURER]), st.sampled_from(SCOPES), st.sampled_from(ROUTES)),
    max_size=8,
    unique_by=lambda grant: grant[:2],
)


def request_for(before: Any, scopes: set[str], codes: set[str], serial: int) -> dict[str, Any] | None:
    """A request as the ledger would make it, or None if it would take nothing."""
    scopes &= set(before.scopes)
    codes &= {grant.code for grant in before.grants}
    if not scopes and not codes:
        return None
    taken = [g for g in before.grants if g.scope in scopes or g.code in codes]
    left = portion(set(before.scopes) - scopes, set(before.grants) - set(taken))
    duties = [duty(HOSPITAL, "clear_links")]
    for code, group in itertools.groupby(taken, lambda g: g.code):
        duties.append(duty(code, "exempt" if {g.route for g in group} == {"anonymised"} else "destroy"))
    return withdrawals.requested() | {
        "serial": serial,
        "extent": {"everything": False, "scopes": sorted(scopes), "recipients": sorted(codes)},
        "taken": portion(scopes, taken).to_json(),
        "remains": left.to_json(),
        "recipients": sorted(duties, key=lambda d: d["code"]),
    }


CUTS = st.lists(
    st.tuples(
        st.sets(st.sampled_from(SCOPES), max_size=3), st.sets(st.sampled_from([LAB, INSURER]), max_size=1)
    ),
    max_size=4,
)


class TestCourse:
    @given(st.sets(st.sampled_from(SCOPES)), GRANTS, CUTS)
    def test_what_remains_is_what_was_granted_less_what_was_taken(
        self, scopes: set[str], grants: list[tuple[str, str, str]], cuts: list[tuple[set[str], set[str]]]
    ) -> None:
        consent = consent_of(dict.fromkeys(scopes, True) or {"base": False}, grants)
        left = granted(consent)
        assert left == portion(scopes, (Grant(*grant) for grant in grants))
        requests: list[Any] = []
        for some_scopes, codes in cuts:
            body = request_for(left, some_scopes, codes, len(requests) + 1)
            if body is not None:
                requests.append(parse_requested(body))
                left = requests[-1].remains
        assert remaining(consent, requests) == left
        for request in requests:
            assert not set(left.grants) & set(request.taken.grants)
        if len(requests) > 1:
            for wrong in (requests[1:], requests[::-1], [requests[0], requests[0]]):
                with pytest.raises(DataFault) as caught:
                    remaining(consent, wrong)
                assert caught.value.code == "withdrawal-course"

    def test_of_another_consent(self) -> None:
        consent = consent_of(
            {"base": True, "third_party_research": True, "insurance": True}, [LAB_RESEARCH, INSURER_GRANT]
        )
        request = parse_requested(withdrawals.requested())
        assert remaining(consent, [request]) == request.remains
        party = dataclasses.replace(consent.controller, code=LAB)
        for other, requests in (
            (dataclasses.replace(consent, controller=party), [request]),
            (dataclasses.replace(consent, recipients=()), [request]),
            (consent, [dataclasses.replace(request, serial=2)]),
        ):
            with pytest.raises(DataFault) as caught:
                remaining(other, requests)
            assert caught.value.code == "withdrawal-course"
