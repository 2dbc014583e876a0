"""The smaller rules: profiles, numbers, codes, holders, validity, remarks, approvals, publicity."""

from dataclasses import replace
from enum import StrEnum
from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.rules.times import at, local
from yinzheng.ledger.rules import events, terms
from yinzheng.ledger.rules.calendar import official_calendar
from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.ledger.rules.certificates import (
    remark_bits,
    valid_until,
)
from yinzheng.ledger.rules.credit_code import check_credit_code
from yinzheng.ledger.rules.holders import Holder, holder_problems, in_order
from yinzheng.ledger.rules.levels import require_scheme
from yinzheng.ledger.rules.numbers import CertificateNumber, month_of, next_number
from yinzheng.ledger.rules.procedure import check_procedure, deemed_procedure
from yinzheng.ledger.rules.profiles import (
    DEFAULT,
    DEMO,
    GD_HEALTH,
    NDA_2026,
    PROFILES,
    Profile,
    Unit,
    profile_for,
)
from yinzheng.ledger.rules.publicity import Notice, NoticeBody, check_objection, check_waiver, publicity_end
from yinzheng.ledger.rules.states import Capacity, StatementType
from yinzheng.ledger.rules.terms import (
    Procedure,
    RegistrationType,
    RemarkKind,
    Right,
    SourceKind,
    label,
)
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault
from yinzheng.verifier.formats import body as certificate
from yinzheng.verifier.formats.creditcode import check_character, is_credit_code, is_resident_number
from yinzheng.verifier.log import statement
from yinzheng.verifier.words.levels import LEVELS, level_words

CALENDAR = official_calendar()


def test_profiles() -> None:
    assert list(PROFILES) == ["GD-HEALTH/1", "NDA-2026/1", "DEMO/1"]
    assert DEFAULT is GD_HEALTH is profile_for("GD-HEALTH/1")
    for profile in (GD_HEALTH, NDA_2026):
        assert (profile.acceptance_days, profile.decision_days, profile.decision_extension_days) == (
            3,
            10,
            10,
        )
        assert (profile.publicity.amount, profile.publicity.unit) == (5, Unit.WORKING_DAYS)
        assert (profile.objection_days, profile.max_validity_years) == (10, 5)
        assert not profile.demonstration
    assert DEMO.demonstration
    assert DEMO.publicity.unit is Unit.SECONDS
    assert "演示" in DEMO.label.zh
    assert all(len(tag) <= 32 and tag.isascii() for tag in PROFILES)
    with pytest.raises(UsageFault):
        profile_for("GD-HEALTH/2")


@pytest.mark.parametrize(
    ("kind", "gd", "nda"),
    [
        ("first", "registration", "registration"),
        ("licence", "registration", "recorded"),
        ("transfer", "registration", "registration"),
        ("change", "registration", "registration"),
        ("cancellation", "registration", "registration"),
        ("renewal", "registration", "registration"),
    ],
)
def test_registration_types(kind: str, gd: str, nda: str) -> None:
    assert GD_HEALTH.standing(RegistrationType(kind)) == gd
    assert NDA_2026.standing(RegistrationType(kind)) == nda


def test_the_words_are_those_of_the_certificate() -> None:
    assert tuple(terms.Right) == certificate.RIGHTS
    assert tuple(terms.Procedure) == certificate.PROCEDURES
    assert tuple(terms.DataClass) == certificate.CLASSES
    assert tuple(terms.SourceKind) == certificate.SOURCES
    assert tuple(terms.RemarkKind) == certificate.REMARKS
    assert set(certificate.TYPES) <= set(terms.RegistrationType)
    kinds = [kind for kind in vars(terms).values() if isinstance(kind, type) and issubclass(kind, StrEnum)]
    words = [member for kind in kinds for member in kind]
    assert len({label(word).zh for word in words}) == len({label(word).en for word in words}) == len(words)
    assert label(terms.FileRole.OTHER) != label(terms.RemarkKind.OTHER)
    assert tuple(terms.Importance) == certificate.IMPORTANCES
    assert [label(one).zh for one in Procedure] == ["普通程序", "简易程序"]
    assert "公共数据" not in {label(one).zh for one in SourceKind}, "public data is no kind of source (R18)"


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_procedure(profile: Profile) -> None:
    in_force = replace(profile, public_data_rules_in_force=True)
    for public_data, rules in product((False, True), (profile, in_force)):
        check_procedure(Procedure.ORDINARY, rules, public_data=public_data)
        deemed = {one: deemed_procedure(one, rules, public_data=public_data) for one in Procedure}
        assert deemed[Procedure.ORDINARY] is Procedure.ORDINARY
        if public_data and rules is profile:
            with pytest.raises(UsageFault) as refused:
                check_procedure(Procedure.SIMPLIFIED, rules, public_data=True)
            assert refused.value.code == "procedure-public-data"
            assert deemed[Procedure.SIMPLIFIED] is Procedure.ORDINARY
        else:
            check_procedure(Procedure.SIMPLIFIED, rules, public_data=public_data)
            assert deemed[Procedure.SIMPLIFIED] is Procedure.SIMPLIFIED


def test_titles_and_level_schemes() -> None:
    assert GD_HEALTH.title.zh == "健康医疗数据产权登记证书"
    assert NDA_2026.title.zh == "数据产权登记证书"
    assert set(GD_HEALTH.level_schemes or ()) == {"GB/T 39725-2020", "GB/T 43697-2024"}
    for scheme in LEVELS:
        require_scheme(GD_HEALTH, scheme)
        assert set(LEVELS[scheme]) == {1, 2, 3, 4, 5}
        assert all(phrase.zh and phrase.en for phrase in LEVELS[scheme].values())
    require_scheme(NDA_2026, "五级分级指引")
    for scheme in ("五级分级指引", "GB/T 39725—2020", "GB/T 39725", ""):
        with pytest.raises(DataFault) as refused:
            require_scheme(GD_HEALTH, scheme)
        assert refused.value.code == "level-scheme"
        assert level_words(scheme, 3) == ("", "")
    assert level_words("GB/T 39725-2020", 3) != level_words("GB/T 43697-2024", 3)


@given(st.integers(0, 999), st.integers(1, 12), st.integers(1, 9999))
def test_numbers_round_trip(prefix: int, month: int, serial: int) -> None:
    text = f"SJ{prefix:03d}2026{month:02d}{serial:04d}"
    number = CertificateNumber.parse(text)
    assert str(number) == text
    assert (number.prefix, number.month, number.serial) == (text[:5], text[5:11], serial)
    if serial > 1:
        assert next_number(number.prefix, number.month, serial - 1).number == number


@pytest.mark.parametrize(
    "text",
    [
        "SJ4402026110000",
        "SJ4402026130001",
        "SJ4402026000001",
        "SJ44020261100001",
        "SJ440202611001",
        "sj4402026110001",
        " SJ440202611001",
        "SJ4402026110001\n",
        "SJ４402026110001",
        "",
    ],
)
def test_malformed_numbers(text: str) -> None:
    with pytest.raises(DataFault) as refused:
        CertificateNumber.parse(text)
    assert refused.value.code == "number-malformed"


def test_the_month_runs_out_with_a_warning() -> None:
    assert str(next_number("SJ440", "202611", 0).number) == "SJ4402026110001"
    assert not next_number("SJ440", "202611", 8998).running_out
    late = next_number("SJ440", "202611", 8999)
    assert (late.running_out, late.remaining) == (True, 999)
    assert next_number("SJ440", "202611", 9998).remaining == 0
    with pytest.raises(EnvironmentFault) as refused:
        next_number("SJ440", "202611", 9999)
    assert refused.value.code == "numbers-exhausted"


@pytest.mark.parametrize(
    ("prefix", "last"), [("SJ44", 0), ("XX440", 0), ("SJ4400", 0), ("SJ440", -1), ("SJ440", 10_000)]
)
def test_senseless_successions(prefix: str, last: int) -> None:
    with pytest.raises(UsageFault):
        next_number(prefix, "202611", last)


def test_the_month_is_that_in_china() -> None:
    assert month_of(at("2026-12-01 00:00")) == "202612"
    assert month_of(at("2026-12-01 00:00") - 1) == "202611"


UNUSUAL = (
    *("A1110000600037341", "A9440000600037341", "N2440106600037341", "N1440106600037341"),
    *("Y1440106600037341", "11440106600037341", "81440106600037341", "71440106600037341"),
)


# 91350100M000100Y43 and its broken twin are GB 32100-2015's; the others are published by their companies.
@pytest.mark.parametrize(
    "code",
    [
        "91350100M000100Y43",
        "91110000600037341L",
        "9144030071526726XG",
        "91330100799655058B",
        "914403001922038216",
        # Made up: armed forces, rural collectives, others, a court, a trade union, a temple.
        *(f"{first}{check_character(first)}" for first in UNUSUAL),
    ],
)
def test_true_credit_codes(code: str) -> None:
    assert check_credit_code(code) == code
    other = "1" if code[-1] != "1" else "2"
    with pytest.raises(DataFault) as refused:
        check_credit_code(code[:-1] + other)
    assert refused.value.code == "credit-code-check"
    assert code[:8] not in str(refused.value)


@pytest.mark.parametrize(
    "code",
    [
        "91350100M000100Y4Z",
        "91350100m000100y43",
        "91350100-M000100Y43",
        " 91350100M000100Y43",
        "",
        "9135",
        "9" * 19,
        "B1110000600037341",
        "9011000060003734" + "1L",
        "A111000O600037341L",
    ],
)
def test_false_credit_codes(code: str) -> None:
    with pytest.raises(DataFault) as refused:
        check_credit_code(code)
    assert refused.value.code == "credit-code-form"


def test_a_residents_number_never_passes() -> None:
    """Those whose last digit is a credit code's check character too are the danger; each is refused."""
    both = []
    for serial in range(1000):
        for place in ("440106", "110101", "520102"):
            digits = f"{place}19900307{serial:03d}"
            number = next(
                f"{digits}{last}" for last in "0123456789X" if is_resident_number(f"{digits}{last}")
            )
            assert not is_credit_code(number)
            if check_character(number) == number[17]:
                both.append(number)
    assert both, "without the rule these would pass"
    with pytest.raises(DataFault) as refused:
        check_credit_code(both[0])
    assert refused.value.code == "credit-code-person"
    assert both[0] not in refused.value.message + refused.value.hint
    assert not is_resident_number("440106199002300019")
    assert not is_resident_number("91350100M000100Y43")


def holder(code: str, *rights: Right) -> Holder:
    return Holder("甲", code, rights)


def test_several_holders_may_have_the_same_right() -> None:
    both = [holder("A", Right.HOLD, Right.USE), holder("B", Right.USE)]
    assert holder_problems(both, [Right.HOLD, Right.USE]) == ()
    assert in_order([Right.OPERATE, Right.HOLD, Right.HOLD]) == (Right.HOLD, Right.OPERATE)


@pytest.mark.parametrize(
    ("holders", "asked", "part"),
    [
        ([], ["hold"], "1 to 20"),
        ([holder(str(n), Right.HOLD) for n in range(21)], ["hold"], "1 to 20"),
        ([holder("A", Right.HOLD), holder("A", Right.USE)], ["hold", "use"], "twice"),
        ([holder("A")], [], "no right"),
        ([holder("A", Right.HOLD)], ["hold", "use"], "nobody: use"),
        ([holder("A", Right.HOLD, Right.OPERATE)], ["hold"], "not asked for: operate"),
    ],
)
def test_wrong_holders(holders: list[Holder], asked: list[str], part: str) -> None:
    assert any(part in problem for problem in holder_problems(holders, iter(map(Right, asked))))


@pytest.mark.parametrize(
    ("start", "years", "end"),
    [
        ("2026-11-21 12:00", 5, "2031-11-20 23:59:59"),
        ("2026-11-21 00:00", 1, "2027-11-20 23:59:59"),
        ("2024-02-29 08:00", 1, "2025-02-28 23:59:59"),
        ("2024-02-29 08:00", 4, "2028-02-28 23:59:59"),
        ("2024-03-01 00:00", 1, "2025-02-28 23:59:59"),
        ("2027-03-01 00:00", 1, "2028-02-29 23:59:59"),
        ("2026-12-31 23:59", 2, "2028-12-30 23:59:59"),
    ],
)
def test_validity(start: str, years: int, end: str) -> None:
    assert local(valid_until(at(start), years, GD_HEALTH)) == end


@given(st.integers(at("2020-01-01 00:00"), at("2090-01-01 00:00")), st.integers(1, 5))
def test_validity_passes_the_chain(start: int, years: int) -> None:
    assert start < valid_until(start, years, GD_HEALTH) <= start + certificate.LONGEST_TERM


@pytest.mark.parametrize("years", [0, 6, -1])
def test_validity_is_one_to_five_years(years: int) -> None:
    with pytest.raises(UsageFault):
        valid_until(0, years, GD_HEALTH)


def test_remarks() -> None:
    assert remark_bits([]) == 0
    assert remark_bits([RemarkKind.SEIZURE, RemarkKind.OTHER, RemarkKind.SEIZURE]) == 10
    assert remark_bits(RemarkKind) == 31


def test_publicity_ends_as_the_profile_says() -> None:
    opened = at("2026-11-20 15:00")
    assert local(publicity_end(CALENDAR, GD_HEALTH, opened)) == "2026-11-28 00:00:00"
    assert publicity_end(CALENDAR, DEMO, opened) == opened + 3
    assert publicity_end(CALENDAR, GD_HEALTH, opened, waived=True) == opened


def test_the_public_sees_this_and_nothing_else() -> None:
    first = CaseType.FIRST
    notice = Notice(first, None, "GD-HEALTH/1", "simplified", "甲医院", "数据", "概述", "", 1, 2)
    assert notice.body() == {
        "v": 2,
        "type": "first",
        "certificate": None,
        "profile": "GD-HEALTH/1",
        "procedure": "simplified",
        "applicant": "甲医院",
        "asset": "数据",
        "overview": "概述",
        "limits": "",
        "importance": "",
        "opened_at": 1,
        "ends_at": 2,
        "waived": False,
        "reason": "",
    }
    assert set(notice.body()) == set(NoticeBody.__annotations__)
    assert get_args(NoticeBody) == ()


def test_waivers_and_objections_need_reasons() -> None:
    assert check_waiver("数据时效性强") == "数据时效性强"
    for reason in ("", " \n", "长" * 401):
        with pytest.raises(UsageFault):
            check_waiver(reason)
    check_objection("来源有争议", 1)
    for reasons, material in (("", 1), (" ", 1), ("来源有争议", 0)):
        with pytest.raises(UsageFault):
            check_objection(reasons, material)


def test_statement_types_are_those_of_the_log() -> None:
    courses = (
        StatementType,
        events.WithdrawalStatement,
        events.DisputeStatement,
        events.StandingStatement,
        events.ContractStatement,
        events.SupervisionStatement,
    )
    words = {word.value for course in courses for word in course}
    # These take no course of a table.
    beside = {"organisation", "notice", "consent", "erasure", "accesses", "trade", "chain"}
    others = {word for word in statement.STATEMENT_TYPES if word.partition(".")[0] in beside}
    assert words | others == set(statement.STATEMENT_TYPES)
    assert not words & others
    assert tuple(Capacity) == statement.CAPACITIES
