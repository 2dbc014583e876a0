"""A contract about data: a draft, half signed, recorded, tampered with, with a key that is over (S21.12)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier.contract_world import CONCLUDED, KEYS, ContractWorld, plain, signed
from tests.verifier.contracts import BUYER, SELLER
from tests.verifier.formats.test_bodies import leaves, with_
from tests.verifier.holder_world import NEXT, revocation_body
from tests.verifier.world import NOW, RecordState, World, trust
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.containers.contractfile import format_contract_proof, parse_contract_proof
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.judge.contract.report import Concluding, ContractReport
from yinzheng.verifier.judge.contract.verify import verify_contract
from yinzheng.verifier.judge.kinds import kind_of
from yinzheng.verifier.judge.report import Authentic
from yinzheng.verifier.words import contract as words
from yinzheng.verifier.words import phrases
from yinzheng.verifier.words.verdict import verdict

BOTH = (SELLER, BUYER)
RECORDED = ContractWorld().data()
REVERSED = [one.to_json() for one in signed(*BOTH).signatures[::-1]]


def check(data: bytes, now: int = NOW, **more: Any) -> ContractReport:
    shown = more.pop("shown", Presented("json", file=data))
    assert kind_of(shown).document == "trade-contract"
    report = verify_contract(shown, trust(), now=now, **more)
    assert all(phrases.reason(one).zh for one in report.findings)
    assert words.advice(report).zh
    assert verdict(report).exit_code == report.exit_code
    return report


def codes(report: ContractReport) -> dict[int, str]:
    return {finding.number: finding.code for finding in report.findings if finding.code != "ok"}


def test_a_recorded_contract_is_genuine_whenever_it_is_read() -> None:
    for now in (NOW, NOW + 10**8):
        report = check(RECORDED, now)
        assert codes(report) == {10: "concluded"}
        assert (report.authentic, report.exit_code) == (Authentic.GENUINE, 0)
    assert report.standing is Concluding.RECORDED
    assert report.speaks_of == CONCLUDED
    assert report.finding(10).code == "concluded"
    assert not report.demonstration
    assert "both signed" in verdict(report).headline.en
    told = report.to_json()
    assert told["recorded"]["concluded_at"] == CONCLUDED
    assert told["contract"]["contract"]["clauses"]["forum"]["applies"]
    assert bytes(range(32)).hex() not in json.dumps(told)
    with pytest.raises(TypeError):
        bool(report)


@pytest.mark.parametrize(
    ("by", "standing", "code"),
    [
        ((), Concluding.DRAFT, "contract-draft"),
        ((BUYER,), Concluding.HALF_SIGNED, "contract-half-signed"),
        (BOTH, Concluding.UNRECORDED, "contract-unrecorded"),
    ],
)
def test_without_proofs_it_says_how_far_it_got(by: tuple[str, ...], standing: Concluding, code: str) -> None:
    report = check(plain(signed(*by)))
    assert (report.standing, report.authentic) == (standing, Authentic.UNDETERMINED)
    assert set(list(codes(report).values())[:4]) == {code}
    assert verdict(report).headline == words.UNPROVED[standing]
    assert (report.exit_code, report.holds, report.speaks_of, report.demonstration) == (3, None, None, False)
    assert report.to_json()["recorded"] is None


def test_what_is_written_is_what_was_read() -> None:
    told = parse_contract_proof(RECORDED)
    chain = json.loads(RECORDED)["chain"]
    body = told.body.to_json()
    made = format_contract_proof(told.statement, body, told.secret, told.parties, told.proof, chain)
    assert json.loads(made) == json.loads(RECORDED)


def test_a_time_before_it_was_recorded() -> None:
    report = check(RECORDED, at=CONCLUDED - 1)
    assert (report.standing, report.exit_code, report.asked_at) == (Concluding.NOT_YET, 3, CONCLUDED - 1)
    assert check(RECORDED, at=CONCLUDED).exit_code == 0
    with pytest.raises(UsageFault) as yet:
        check(RECORDED, at=NOW + 1)
    assert yet.value.code == "time-future"


def test_a_demonstration_is_labelled() -> None:
    assert check(ContractWorld(profile="DEMO/1").data()).demonstration


def test_the_signatures_are_the_parties_own() -> None:
    stranger = signed(SELLER, BUYER, keys={SELLER: NEXT, BUYER: KEYS[BUYER]})
    assert codes(check(ContractWorld(contract=stranger).data()))[2] == "holder-key-unknown"
    made, other = signed(*BOTH), signed(*BOTH, purpose="另一用途")
    first, second = made.signatures
    swapped = replace(made, signatures=(replace(first, signature=other.signatures[0].signature), second))
    report = check(ContractWorld(contract=swapped).data())
    assert codes(report)[2] == "contract-signature"
    assert (report.authentic, report.exit_code) == (Authentic.FORGED, 1)


def test_a_key_that_was_over_when_it_was_recorded() -> None:
    world = ContractWorld()
    revoked = {**revocation_body(CONCLUDED - 100), "code": SELLER}
    world.told[SELLER].append(("organisation.key-revoked", revoked))
    report = check(world.data())
    assert codes(report)[3] == "contract-key-over"
    assert report.exit_code == 1
    later = ContractWorld()
    told = {**revocation_body(CONCLUDED + 1), "code": SELLER}
    later.told[SELLER].append(("organisation.key-revoked", told))
    assert check(later.data()).exit_code == 0


def test_no_party_undoes_its_contract_by_dating_a_loss_back() -> None:
    """Told afterwards, of a time before: what was recorded stands (R41), and a reader is told of it."""
    world = ContractWorld()
    told = {**revocation_body(CONCLUDED - 100), "code": SELLER, "told_at": CONCLUDED + 50}
    world.told[SELLER].append(("organisation.key-revoked", told))
    report = check(world.data())
    assert (report.authentic, report.exit_code) == (Authentic.GENUINE, 0)
    assert [(one.code, one.data) for one in report.notes][:1] == [
        ("contract-key-reported", {"party": SELLER})
    ]
    assert report.notes[0].code in phrases.NOTES


def test_its_digest_time_and_heads_are_one() -> None:
    other = ContractWorld(digest=digest_pair(b"other"))
    assert codes(check(other.data()))[4] == "contract-digest"
    assert check(RECORDED.replace("慢病".encode(), "急病".encode())).authentic is Authentic.FORGED
    assert codes(check(ContractWorld(stated_at=CONCLUDED - 5).data()))[4] == "contract-time"
    file = ContractWorld().file()
    world = ContractWorld()
    world.world.leaves[0] = bytes(32)
    file["parties"][0]["proof"] = world.file()["parties"][0]["proof"]
    assert codes(check(dumps(file)))[5] == "contract-heads"
    file = ContractWorld().file()
    file["parties"].reverse()
    assert codes(check(dumps(file)))[2] == "holder-other"


def test_the_certificate_is_the_one_on_record() -> None:
    world = World()
    world.absent = True
    assert codes(check(ContractWorld(world=world).data()))[9] == "record-absent"
    other = RecordState(content=bytes(32))
    report = check(ContractWorld(world=World(record=other)).data())
    assert codes(report)[9] == "content-differs"
    assert report.exit_code == 1


def test_a_page_with_a_code_is_another_documents() -> None:
    shown = Presented("pdf", file=RECORDED, shown=("HTTPS://X/V/AAAA",))
    assert codes(check(RECORDED, shown=shown))[4] == "page-differs"
    assert check(RECORDED, shown=Presented("pdf", file=RECORDED, shown=())).exit_code == 0


def test_a_policy_that_does_not_cover_it() -> None:
    file = ContractWorld().file()
    report = check(dumps({**file, "chain": None}))
    assert (report.authentic, report.exit_code) == (Authentic.UNDETERMINED, 3)
    assert verdict(report).headline.en == "Cannot be determined"
    assert "registry" in words.advice(report).en


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"statement": {**ContractWorld().statement.to_json(), "by": "registry"}}, "contract-statement"),
        ({"body": {**ContractWorld().body.to_json(), "signatures": REVERSED}}, "contract-signatures"),
        ({"parties": []}, "field-value"),
    ],
)
def test_what_is_none(change: dict[str, Any], code: str) -> None:
    data = dumps({**ContractWorld().file(), **change})
    with pytest.raises(DataFault) as refused:
        parse_contract_proof(data)
    assert refused.value.code == code
    report = check(data)
    assert (report.authentic, report.standing) == (Authentic.NOT_OURS, Concluding.UNDETERMINED)
    assert (report.exit_code, report.signed) == (3, None)
    assert report.to_json()["digest"] is None


FILE = json.loads(RECORDED)
SPOTS = [
    way
    for way, value in leaves({name: part for name, part in FILE.items() if name not in ("chain", "proof")})
    if not isinstance(value, dict | list) and way[-1] != "proof"
]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SPOTS))
def test_whatever_is_changed_it_is_not_genuine(way: tuple[Any, ...]) -> None:
    old: Any = FILE
    for name in way:
        old = old[name]
    other = (not old) if isinstance(old, bool) else old + 1 if isinstance(old, int) else f"{old or ''}0"
    report = verify_contract(Presented("json", file=dumps(with_(FILE, way, other))), trust(), now=NOW)
    assert report.authentic is not Authentic.GENUINE
    assert report.exit_code != 0
