"""Applications are read strictly, and all that is wrong with one is said at once (R11, R18)."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yinzheng.ledger.dossiers.application import (
    MAX_BYTES,
    Application,
    examine,
    read_application,
    read_procedure,
)
from yinzheng.ledger.rules.refusals import Ground
from yinzheng.ledger.rules.terms import Procedure, Right
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.errors import DataFault

EXAMPLES = Path(__file__).parents[3] / "examples" / "dossiers"
DOCUMENT = json.loads((EXAMPLES / "chronic-follow-up" / "application.json").read_text(encoding="utf-8"))


SPARE_CODES = (
    "914403001922038216",
    "12990100DEM000014F",
    "11990100DEM000022D",
    "91990100DEM0000300",
    "12990100DEM0000492",
    "91990100DEM000057P",
    "12990100DEM000065P",
)


def changed(path: str, value: Any) -> bytes:
    """The sample application with one value changed; `...` takes it out."""
    document = copy.deepcopy(DOCUMENT)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    inner: Any = document
    for part in parents:
        inner = inner[part]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")


def read_whole(data: bytes) -> Application:
    return read_application(canonical.loads(data, max_bytes=MAX_BYTES))


def problems_of(data: bytes) -> list[str]:
    with pytest.raises(DataFault) as refused:
        read_whole(data)
    assert refused.value.code == "application-invalid"
    assert refused.value.hint
    problems: list[str] = refused.value.data["problems"]
    assert all(problem in refused.value.message for problem in problems)
    return problems


@pytest.mark.parametrize("public", [True, False])
@pytest.mark.parametrize("procedure", list(Procedure))
def test_which_procedure_is_stated_is_read_alone_as_with_the_rest(procedure: Procedure, public: bool) -> None:
    document = {**DOCUMENT, "procedure": procedure.value, "public_data": public}
    application = read_application(document)
    assert read_procedure(document) == (application.procedure, application.public_data) == (procedure, public)


@pytest.mark.parametrize(
    "document",
    [
        [],
        {**DOCUMENT, "procedure": "quick"},
        {**DOCUMENT, "public_data": 1},
        {name: value for name, value in DOCUMENT.items() if name != "public_data"},
    ],
)
def test_a_procedure_that_is_none_is_refused(document: Any) -> None:
    with pytest.raises(DataFault) as refused:
        read_procedure(document)
    assert refused.value.code == "application-invalid"


def test_a_whole_application() -> None:
    application = read_whole(json.dumps(DOCUMENT).encode())
    assert application.procedure is Procedure.SIMPLIFIED
    assert application.rights == tuple(Right)
    assert application.document == DOCUMENT
    assert application.facts.volume.persons == 48620
    assert application.refusals("11990100DEM000022D") == ()
    assert [r.ground for r in application.refusals("12990100DEM000014F")] == [Ground.OWN_DATA]


def test_contact_stays_out_of_logs() -> None:
    application = read_whole(json.dumps(DOCUMENT).encode())
    assert application.applicant.contact
    assert application.applicant.contact not in repr(application)


def test_rights_come_in_their_order() -> None:
    data = changed("holders.0.rights", ["operate", "hold", "use"])
    assert read_whole(data).holders[0].rights == tuple(Right)


def test_declared_grounds() -> None:
    application = read_whole(changed("declarations.prescriber_statistics", True))
    assert application.declared_grounds == {Ground.PRESCRIBER_STATISTICS}


WRONG: list[tuple[str, Any, str]] = [
    ("format", "yinzheng/application/2", "$.format"),
    ("applicant.code", "91350100M000100Y4Z", "$.applicant.code"),
    ("applicant.code", "12990100dem000014f", "$.applicant.code"),
    ("applicant.contact", "", "$.applicant.contact"),
    ("applicant.code", "91350100M000100Y43", "$.holders leaves out the applicant"),
    ("applicant.name", "另一家医院", "$.holders gives the applicant another name"),
    ("asset.name", "长" * 41, "$.asset.name"),
    ("asset.name", "", "$.asset.name"),
    ("asset.name", " " + DOCUMENT["asset"]["name"], "$.asset.name"),
    ("asset.name", "反\u202e转" + DOCUMENT["asset"]["name"], "$.asset.name"),
    ("asset.name", "e\u0301" + DOCUMENT["asset"]["name"], "$.asset.name"),
    ("asset.region", "别处", "$.asset"),
    ("overview", "长" * 401, "$.overview"),
    ("overview", "一行\n又一行", "$.overview"),
    ("overview", 7, "$.overview"),
    ("source", "stolen", "$.source"),
    ("source", "public", "$.source"),
    ("public_data", ..., "$.public_data is missing"),
    ("public_data", "no", "$.public_data"),
    ("procedure", "一般程序", "$.procedure"),
    ("rights", [], "$.rights"),
    ("rights", ["hold", "use"], "$.holders"),
    ("holders", [], "$.holders"),
    ("holders.0.rights", ["hold"], "$.holders"),
    ("holders.0.rights", ["hold", "use", "use"], "$.holders"),
    ("holders", DOCUMENT["holders"] * 2, "$.holders"),
    ("class", "secret", "$.class"),
    ("level.value", 6, "$.level.value"),
    ("level.value", 3.0, ""),
    ("level.value", 1, "$.level is 1, which data about persons one by one never has"),
    (
        "volume",
        {"persons": 100_000, "sensitive_persons": 100_000, "nationwide": False, "kinds": []},
        "$.files has no file of role risk",
    ),
    ("personal_information.route", "identifiable", "$.notices is missing: identifiable data on consent"),
    ("level.value", True, "$.level.value"),
    ("level.scheme", ..., "$.level.scheme"),
    ("limits", "长" * 401, "$.limits"),
    ("scale", "长" * 61, "$.scale"),
    ("sample_fields", ["a", "a"], "$.sample_fields"),
    ("time_span.from", "2026-02-30", "$.time_span.from"),
    ("time_span.to", "2020-01-01", "$.time_span"),
    ("volume.persons", -1, "$.volume.persons"),
    ("volume.sensitive_persons", 48621, "$.volume"),
    ("volume.kinds", ["treatment"], "$.volume"),
    ("personal_information.basis", None, "$.personal_information"),
    ("personal_information.ground", ..., "$.personal_information.ground is missing"),
    (
        "personal_information.ground",
        "某批准文件",
        "$.personal_information is wrong: consent needs no other ground",
    ),
    ("personal_information.basis", "statutory_duty", "$.personal_information is wrong: name the law"),
    ("personal_information.basis", "ethics_waiver", "$.personal_information is wrong: name the law"),
    (
        "personal_information",
        {"route": "deidentified", "basis": "ethics_waiver", "ground": "批件", "retrospective": False},
        "$.personal_information is wrong: an ethics waiver is for retrospective studies",
    ),
    (
        "personal_information",
        {"route": "anonymised", "basis": None, "ground": "批件", "retrospective": False},
        "$.personal_information is wrong: without a lawful basis there is no ground",
    ),
    ("personal_information.route", "anonymised", "$.personal_information"),
    ("processing", ["provision"], "$.processing"),
    ("processing", ["sensitive", "sensitive"], "$.processing"),
    ("validity_years", 6, "$.validity_years"),
    ("validity_years", 0, "$.validity_years"),
    ("declarations.state_secrets", ..., "$.declarations.state_secrets"),
    ("declarations.state_secrets", 0, "$.declarations.state_secrets"),
    ("files", [], "$.files"),
    ("files.0.role", "other", "$.files has no file of role identity"),
    ("files.0.path", "../secret.pdf", "$.files[0].path"),
    ("files.0.path", "/etc/passwd", "$.files[0].path"),
    ("files.0.path", "a/./b", "$.files[0].path"),
    ("files.0.path", "a//b", "$.files[0].path"),
    ("files.0.path", "a\\..\\b", "$.files[0].path"),
    ("files.0.path", "a\u0000b", "$.files[0].path"),
    ("files.0.path", "长" * 100, "$.files[0].path"),
    ("unknown", 1, "$.unknown is not a known field"),
    ("asset.unknown", 1, "$.asset.unknown is not a known field"),
    ("13800000000", 1, "$ has a name the format does not know"),
    ("use", ..., "$.use is missing"),
]


@pytest.mark.parametrize(("path", "value", "named"), [w for w in WRONG if w[2]])
def test_each_fault_is_named_alone(path: str, value: Any, named: str) -> None:
    problems = problems_of(changed(path, value))
    assert len(problems) == 1
    assert problems[0].startswith(named)


def test_all_faults_are_named_at_once() -> None:
    document = copy.deepcopy(DOCUMENT)
    del document["use"], document["asset"]["trade"]
    document["overview"] = "长" * 500
    document["holders"][0]["code"] = "1"
    document["volume"]["sensitive_persons"] = 10**9
    document["extra"] = {}
    problems = problems_of(json.dumps(document).encode())
    starts = ["$.extra", "$.asset.trade", "$.overview", "$.holders[0].code", "$.use", "$.volume"]
    assert [problem.split(" ")[0].rstrip(":") for problem in problems] == starts


def test_a_right_asked_for_twice() -> None:
    assert "$.rights names something twice" in problems_of(changed("rights", ["hold", "hold", "use"]))


def test_what_a_certificate_could_not_hold_is_refused_now() -> None:
    holders = [
        {"name": "名" * 100, "code": code, "rights": ["hold", "use", "operate"]}
        for code in ("91350100M000100Y43", "91110000600037341L", "9144030071526726XG", "91330100799655058B")
    ]
    document = {**DOCUMENT, "holders": holders, "limits": "限" * 400}
    document["applicant"] = {**document["applicant"], "name": "名" * 100, "code": "91350100M000100Y43"}
    assert read_whole(json.dumps(document).encode()).holders[3].code == "91330100799655058B"
    more = [{**holders[0], "code": code} for code in SPARE_CODES]
    assert "more than 5000" in problems_of(json.dumps({**document, "holders": holders + more}).encode())[0]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "json-malformed"),
        (b"{", "json-malformed"),
        (b'{"a":1,"a":1}', "json-malformed"),
        (b"\xff", "json-malformed"),
        (b" " * (MAX_BYTES + 1), "json-too-large"),
        (changed("level.value", 3.0), "json-value"),
        (changed("overview", "\ud800"), "json-malformed"),
        (b"[]", "application-invalid"),
    ],
)
def test_what_is_no_application_at_all(data: bytes, code: str) -> None:
    with pytest.raises(DataFault) as refused:
        read_whole(data)
    assert refused.value.code == code


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10**7) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200)
@given(st.sampled_from(sorted(DOCUMENT)), json_values)
def test_no_value_in_any_field_breaks_the_reader(name: str, value: Any) -> None:
    """Whatever stands in a field, the answer is an application or a list of faults, never a defect."""
    examined = examine(json.dumps({**DOCUMENT, name: value}).encode())
    assert (examined.application is None) is bool(examined.problems)
    assert all(problem.path.startswith("$") and problem.what for problem in examined.problems)
