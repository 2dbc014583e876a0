"""The end document of a withdrawal: genuine, tampered with, of another ledger, replaced, out of date."""

import copy
import dataclasses
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifier import withdrawals
from tests.verifier.chain.test_layout_modules import withdrawal_words
from tests.verifier.formats.test_bodies import leaves, with_
from tests.verifier.world import (
    ANCHOR,
    ANCHOR_CODE,
    BLOCK_TIME,
    DAY,
    ISSUER,
    LOG_ED,
    LOG_SM2,
    MAX_AGE,
    NOW,
    ORIGIN,
    REGISTERED,
    STRANGER,
    VALIDATORS,
    State,
    headers,
    inclusion,
    root_slot,
    trust_json,
)
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.chain.layout_consents import ChainWithdrawal, consent_slots
from yinzheng.verifier.containers.target import Presented
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault
from yinzheng.verifier.formats.conclusion import (
    MAX_FILE,
    Conclusion,
    format_conclusion,
    is_conclusion_file,
    parse_conclusion,
)
from yinzheng.verifier.formats.withdrawal_steps import Completed, Restricted, parse_step, step_bytes
from yinzheng.verifier.judge.conclusion.report import ConclusionReport, Standing
from yinzheng.verifier.judge.conclusion.verify import verify_conclusion
from yinzheng.verifier.judge.obligations import CLOCK_SKEW
from yinzheng.verifier.judge.report import Authentic, Outcome
from yinzheng.verifier.judge.trust import TrustPolicy, parse_trust
from yinzheng.verifier.log.merkle import hash_leaf, root_from_leaves
from yinzheng.verifier.log.note import Checkpoint, NoteSigner, sign_checkpoint
from yinzheng.verifier.log.statement import Statement, commit_private
from yinzheng.verifier.log.tlogproof import TlogProof

CONSENTS, CODE = bytes([0xC5]) * 20, bytes([0xC6]) * 32
ID, SECRET = bytes.fromhex(withdrawals.ID), bytes(range(32))
ENDED = BLOCK_TIME - 3600
RECEIVED = ENDED - 24 * 3600
UNTIL = BLOCK_TIME + 100 * DAY
SIGNED = BLOCK_TIME - 60
OTHER_OUTCOME = b"\x0e" * 32

Make = Callable[[], dict[str, Any]]


def completed() -> dict[str, Any]:
    return withdrawals.completed() | {"completed_at": ENDED}


def restricted() -> dict[str, Any]:
    return withdrawals.restricted() | {"restricted_at": ENDED, "until": UNTIL}


def policy(edit: Callable[[dict[str, Any]], None] | None = None) -> TrustPolicy:
    value = trust_json()
    pin = {"address": CONSENTS.hex(), "code_hash": CODE.hex()}
    value["chain"]["contracts"]["consents"] = pin
    if edit is not None:
        edit(value)
    return parse_trust(json.dumps(value).encode())


def statement_of(kind: str, body: dict[str, Any], at: int = REGISTERED) -> Statement:
    commitment = commit_private(SECRET, step_bytes(parse_step(kind, body)))
    return Statement(kind, "GD-HEALTH/1", ID, at, commitment, bytes(32), "registry")


def on_chain(outcome: bytes | None, **changes: Any) -> ChainWithdrawal:
    """As `completed` has it."""
    found = ChainWithdrawal(
        state=3,
        minor=False,
        recipients=2,
        receipts=2,
        holds=0,
        late=False,
        received_at=RECEIVED,
        frozen_at=RECEIVED + 60,
        restricted_at=0,
        opened_at=RECEIVED,
        restricted_until=0,
        completed_at=ENDED + 9,
        changed_at=ENDED + 9,
        request=bytes.fromhex(withdrawals.REQUEST),
        outcome=outcome,
    )
    return dataclasses.replace(found, **changes)


def kept_on_chain(outcome: bytes, **changes: Any) -> ChainWithdrawal:
    """As `restricted` has it."""
    end = {"state": 4, "restricted_at": ENDED + 9, "restricted_until": UNTIL, "completed_at": 0}
    return on_chain(outcome, **{**end, "receipts": 1, **changes})


def proof_of(leaf: bytes, signers: Sequence[NoteSigner] = (LOG_ED, LOG_SM2)) -> tuple[TlogProof, bytes]:
    hashes = [hash_leaf(bytes([n])) for n in range(6)]
    hashes[3] = leaf
    root = root_from_leaves(hashes)
    checkpoint = sign_checkpoint(Checkpoint(ORIGIN, 6, root), signers)
    return TlogProof(3, tuple(inclusion(hashes, 3)), checkpoint), root


def chain_of(root: bytes, state: ChainWithdrawal | None, **block: Any) -> dict[str, Any]:
    words = [0] * 4 if state is None else withdrawal_words(state)
    opened = int(state is not None and state.state != 0)
    slots = consent_slots([ID])
    world = State(
        {ANCHOR: ANCHOR_CODE, CONSENTS: CODE},
        {
            ANCHOR: {root_slot(6): int.from_bytes(root, "big")},
            CONSENTS: {**dict(zip(slots, (opened, *words), strict=True)), b"\1" * 32: 7},
        },
    )
    accounts = [world.account(ANCHOR, [root_slot(6)]), world.account(CONSENTS, slots)]
    return {"headers": headers(world.root, **block), "accounts": accounts}


def document(
    kind: str = Completed.TYPE,
    body: dict[str, Any] | None = None,
    state: Callable[[bytes], ChainWithdrawal | None] | None = None,
    *,
    at: int = REGISTERED,
    signed_at: int = SIGNED,
    **block: Any,
) -> bytes:
    body = body or (completed() if kind == Completed.TYPE else restricted())
    statement = statement_of(kind, body, at)
    proof, root = proof_of(statement.leaf_hash)
    state = state or (on_chain if kind == Completed.TYPE else kept_on_chain)
    step: Any = parse_step(kind, body)
    chain = chain_of(root, state(statement.leaf_hash), **block)
    return format_conclusion(statement, step, SECRET, ISSUER, signed_at=signed_at, proof=proof, chain=chain)


COMPLETED, RESTRICTED = document(), document(Restricted.TYPE)
TRUST = policy()


def check(data: bytes, trust: TrustPolicy = TRUST, now: int = NOW, **more: Any) -> ConclusionReport:
    return verify_conclusion(Presented("json", file=data), trust, now=now, **more)


def codes(report: ConclusionReport) -> dict[int, str]:
    return {finding.number: finding.code for finding in report.findings if finding.code != "ok"}


def edited(data: bytes, **changes: Any) -> bytes:
    return dumps({**json.loads(data), **changes})


def test_completed() -> None:
    report = check(COMPLETED)
    assert codes(report) == {10: "final"}
    assert (report.authentic, report.standing) == (Authentic.GENUINE, Standing.COMPLETED)
    assert report.conclusion is not None
    assert report.conclusion.body.to_json() == completed()
    assert report.chain == on_chain(report.conclusion.statement.leaf_hash)
    assert report.finding(9).code == "ok"
    # It stays so.
    later = check(COMPLETED, now=NOW + 10**8)
    assert (later.authentic, later.standing) == (Authentic.GENUINE, Standing.COMPLETED)


def test_restricted() -> None:
    report = check(RESTRICTED)
    assert codes(report) == {}
    assert (report.authentic, report.standing) == (Authentic.GENUINE, Standing.RESTRICTED)
    later = check(RESTRICTED, now=NOW + MAX_AGE)
    assert codes(later) == {10: "answer-too-old"}
    assert (later.authentic, later.standing) == (Authentic.GENUINE, Standing.UNDETERMINED)


@pytest.mark.parametrize(
    "state",
    [
        # Restricted anew, until another day; completed in the end.
        lambda _leaf: kept_on_chain(OTHER_OUTCOME, restricted_until=UNTIL + DAY),
        lambda _leaf: on_chain(OTHER_OUTCOME, restricted_at=ENDED, restricted_until=ENDED + 1),
    ],
)
def test_a_restriction_that_was_replaced(state: Callable[[bytes], ChainWithdrawal]) -> None:
    report = check(document(Restricted.TYPE, state=state))
    assert codes(report) == {9: "conclusion-replaced"}
    assert (report.authentic, report.standing) == (Authentic.GENUINE, Standing.REPLACED)
    assert report.chain is not None
    assert report.chain.outcome == OTHER_OUTCOME


def test_live_evidence_is_preferred() -> None:
    conclusion = parse_conclusion(RESTRICTED)
    _, root = proof_of(conclusion.statement.leaf_hash)
    live = Told(conclusion, chain_of(root, kept_on_chain(OTHER_OUTCOME)))
    report = check(RESTRICTED, live=live)
    assert report.standing is Standing.REPLACED
    assert report.exit_code == 1
    bare = edited(RESTRICTED, proof=None, chain=None)
    told = Told(conclusion, json.loads(RESTRICTED)["chain"])
    assert codes(check(bare, live=told)) == {}


def test_asked_and_not_answered() -> None:
    conclusion = parse_conclusion(RESTRICTED)
    silent = check(RESTRICTED, live=Told(conclusion, None))
    assert (silent.authentic, silent.exit_code) == (Authentic.UNDETERMINED, 3)
    attached = check(RESTRICTED, live=Told(conclusion, None), allow_attached=True)
    assert (attached.authentic, attached.standing) == (Authentic.GENUINE, Standing.RESTRICTED)
    assert [note.code for note in attached.notes][:1] == ["attached-used"]
    nothing = check(edited(RESTRICTED, proof=None), live=Told(conclusion, None, known=False))
    assert nothing.finding(5).outcome is Outcome.ERROR


class Told:
    """A ledger that tells of one withdrawal; of its chain nothing, where that is None."""

    def __init__(self, conclusion: Conclusion, chain: Any, *, known: bool = True) -> None:
        self.conclusion, self.told, self.known = conclusion, chain, known

    def statement_proof(self, leaf: bytes) -> str | None:
        if not self.known:
            raise EnvironmentFault("silent", code="ledger-locked")
        assert leaf == self.conclusion.statement.leaf_hash
        return proof_of(leaf)[0].text

    def withdrawals(self, ids: Sequence[bytes], size: int | None, at: int | None) -> object:
        if self.told is None:
            raise EnvironmentFault("silent", code="node-unreachable")
        assert (list(ids), at) == ([ID], None)
        assert size in (6, None)
        return self.told

    def tombstone(self, leaf: bytes) -> None:
        raise AssertionError(leaf)


@pytest.mark.parametrize(
    ("kind", "state", "code"),
    [
        (Completed.TYPE, lambda _: None, "withdrawal-absent"),
        (Completed.TYPE, lambda leaf: on_chain(leaf, request=b"\1" * 32), "withdrawal-request-differs"),
        (Completed.TYPE, lambda _: on_chain(OTHER_OUTCOME), "withdrawal-outcome-differs"),
        (Completed.TYPE, kept_on_chain, "withdrawal-terms-differ"),
        (Completed.TYPE, lambda leaf: on_chain(leaf, receipts=3, recipients=3), "withdrawal-terms-differ"),
        (
            Completed.TYPE,
            lambda _: on_chain(None, state=2, completed_at=0),
            "withdrawal-outcome-differs",
        ),
        (Completed.TYPE, lambda leaf: on_chain(leaf, receipts=1), "withdrawal-layout"),
        (
            Restricted.TYPE,
            lambda leaf: kept_on_chain(leaf, restricted_until=UNTIL + 1),
            "withdrawal-terms-differ",
        ),
        (Restricted.TYPE, on_chain, "withdrawal-terms-differ"),
        # Completed without ever having been restricted; still open.
        (Restricted.TYPE, lambda _: on_chain(OTHER_OUTCOME), "withdrawal-outcome-differs"),
        (
            Restricted.TYPE,
            lambda _: on_chain(None, state=2, completed_at=0),
            "withdrawal-outcome-differs",
        ),
    ],
)
def test_the_chain_says_otherwise(
    kind: str, state: Callable[[bytes], ChainWithdrawal | None], code: str
) -> None:
    report = check(document(kind, state=state, signed_at=BLOCK_TIME - CLOCK_SKEW))
    assert codes(report).get(9) == code
    assert (report.authentic, report.standing) == (Authentic.FORGED, Standing.UNDETERMINED)
    assert report.chain is None


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (Completed.TYPE, lambda _: None),
        (Completed.TYPE, lambda _: on_chain(None, state=2, completed_at=0)),
        # Restricted before it was completed, or restricted otherwise.
        (Completed.TYPE, lambda _: kept_on_chain(OTHER_OUTCOME, restricted_at=ENDED - 1)),
        (Restricted.TYPE, lambda _: None),
        (Restricted.TYPE, lambda _: on_chain(None, state=2, completed_at=0)),
        (Restricted.TYPE, lambda _: kept_on_chain(OTHER_OUTCOME, restricted_at=ENDED - 1)),
    ],
)
def test_a_node_that_lags_behind_the_end(kind: str, state: Callable[[bytes], ChainWithdrawal | None]) -> None:
    """What it does not know yet, a block cannot deny."""
    data = document(kind)
    conclusion = parse_conclusion(data)
    told = Told(conclusion, chain_of(bytes(32), state(conclusion.statement.leaf_hash)))
    report = check(edited(data, chain=None), live=told)
    assert {7: "not-anchored", 9: "block-too-early"}.items() <= codes(report).items()
    assert (report.authentic, report.standing, report.exit_code) == (
        Authentic.UNDETERMINED,
        Standing.UNDETERMINED,
        3,
    )
    assert report.chain is None


def test_only_held_is_not_withdrawn() -> None:
    statement = statement_of(Completed.TYPE, completed())
    proof, root = proof_of(statement.leaf_hash)
    nothing = dict.fromkeys(("state", "recipients", "receipts", "received_at", "frozen_at", "opened_at"), 0)
    held = on_chain(None, **nothing, holds=1, completed_at=0, request=bytes(32))
    step = parse_step(Completed.TYPE, completed())
    assert isinstance(step, Completed)
    data = format_conclusion(
        statement, step, SECRET, ISSUER, signed_at=ENDED, proof=proof, chain=chain_of(root, held)
    )
    assert codes(check(data))[9] == "withdrawal-absent"


def test_by_whom() -> None:
    statement = statement_of(Completed.TYPE, completed())
    step = parse_step(Completed.TYPE, completed())
    assert isinstance(step, Completed)
    strange = format_conclusion(statement, step, SECRET, STRANGER, signed_at=SIGNED, proof=None, chain=None)
    offline = dict.fromkeys((5, 6, 7, 8, 9, 10), "offline") | {10: "offline"}
    assert codes(check(strange)) == offline | {2: "issuer-unknown", 3: "issuer-not-established"}
    assert check(strange).authentic is Authentic.NOT_OURS
    own = format_conclusion(statement, step, SECRET, ISSUER, signed_at=SIGNED, proof=None, chain=None)
    assert codes(check(own)) == offline
    assert check(own).authentic is Authentic.UNDETERMINED
    forged = edited(own, signature=json.loads(strange)["signature"])
    assert codes(check(forged))[2] == "signature-wrong"


def hour(time: int) -> int:
    return time - time % 3600


def test_a_key_signs_from_its_first_second_on_what_ended_in_that_hour() -> None:
    """Statements give the full hour alone: it is the time of signing that the key is held to (R41)."""
    data = document(at=hour(SIGNED))
    assert hour(SIGNED) < SIGNED
    trust = policy(lambda p: p["issuers"][0].update(not_before=SIGNED))
    assert check(data, trust).authentic is Authentic.GENUINE
    later = policy(lambda p: p["issuers"][0].update(not_before=SIGNED + 1))
    report = check(data, later)
    assert codes(report)[3] == "before-key"
    assert (report.authentic, report.exit_code) == (Authentic.FORGED, 1)


def test_after_rotation_it_is_told_anew_under_the_new_key() -> None:
    rotated = policy(lambda p: p["issuers"][0].update(not_before=SIGNED - 10))
    assert check(document(at=hour(ENDED)), rotated).authentic is Authentic.GENUINE
    old = policy(lambda p: p["issuers"][0].update(not_after=SIGNED - 10))
    assert codes(check(document(at=hour(ENDED)), old))[3] == "after-key"


@pytest.mark.parametrize(
    ("compromised", "word"), [(SIGNED + 1, Authentic.GENUINE), (SIGNED, Authentic.FORGED)]
)
def test_after_compromise_nothing_signed_counts(compromised: int, word: Authentic) -> None:
    trust = policy(lambda p: p["issuers"][0].update(compromised_at=compromised))
    assert check(COMPLETED, trust).authentic is word


def test_who_steals_a_key_cannot_sign_back_before_the_end() -> None:
    early = check(document(at=hour(ENDED), signed_at=ENDED - 292))
    assert codes(early)[9] == "signed-before-end"
    assert early.authentic is Authentic.FORGED
    assert check(document(at=hour(ENDED), signed_at=ENDED - 291)).authentic is Authentic.GENUINE


def test_signed_before_its_statement_is_no_conclusion() -> None:
    with pytest.raises(DataFault) as caught:
        document(at=SIGNED + 1)
    assert caught.value.code == "conclusion-time"


def test_as_of_a_time() -> None:
    ended = ENDED + 9
    assert check(COMPLETED, at=ended).standing is Standing.COMPLETED
    assert check(COMPLETED, at=ended - 1).standing is Standing.NOT_YET
    assert check(RESTRICTED, at=ended).standing is Standing.RESTRICTED
    assert check(RESTRICTED, at=ended - 1).standing is Standing.NOT_YET
    open_ = check(RESTRICTED, at=BLOCK_TIME + 1)
    assert (open_.standing, open_.standing_code) == (Standing.UNDETERMINED, "as-of-needs-archive")
    with pytest.raises(UsageFault) as caught:
        check(COMPLETED, at=NOW + 1)
    assert caught.value.code == "time-future"


def test_the_end_of_a_restriction_is_for_ever() -> None:
    report = check(RESTRICTED, now=UNTIL + 1)
    assert (report.authentic, report.standing, report.exit_code) == (Authentic.GENUINE, Standing.ENDED, 1)
    assert report.speaks_of == UNTIL + 1
    assert check(RESTRICTED, now=UNTIL).standing is Standing.UNDETERMINED


def test_what_calls_itself_a_conclusion() -> None:
    assert is_conclusion_file(COMPLETED)
    for other in (b"", b"[]", b"{}", edited(COMPLETED, format="yinzheng/certificate/1")):
        assert not is_conclusion_file(other)


def test_json_never_holds_the_secret() -> None:
    value = check(COMPLETED).to_json()
    assert SECRET.hex() not in json.dumps(value)
    assert (value["document"], value["status"]) == ("withdrawal-conclusion", "completed")
    assert value["conclusion"]["signed_at"] == SIGNED
    broken = check(b"{}")
    assert broken.to_json()["conclusion"] is None
    assert (broken.demonstration, broken.speaks_of) == (False, None)
    with pytest.raises(TypeError):
        bool(broken)


def test_what_is_disclosed_is_what_was_committed_to() -> None:
    for change in (
        {"body": completed() | {"law": "另一条"}},
        {"body": completed() | {"late": True}},
        {"secret": "00" * 32},
    ):
        report = check(edited(COMPLETED, **change))
        assert codes(report) == {4: "commitment", 10: "final"}
        assert report.authentic is Authentic.FORGED
    wrong = parse_step(Completed.TYPE, completed() | {"late": True})
    assert isinstance(wrong, Completed)
    with pytest.raises(DataFault) as caught:
        format_conclusion(
            statement_of(Completed.TYPE, completed()),
            wrong,
            SECRET,
            ISSUER,
            signed_at=SIGNED,
            proof=None,
            chain=None,
        )
    assert caught.value.code == "commitment"


def test_the_log_and_the_chain() -> None:
    other = json.loads(document(body=completed() | {"law": "另一条"}))
    report = check(edited(COMPLETED, proof=other["proof"]))
    assert codes(report) == {5: "inclusion-proof", 7: "root-differs", 10: "final"}
    assert codes(check(COMPLETED, policy(lambda p: p["log"].update(keys=[LOG_ED.key.vkey])))) == {10: "final"}
    other_key = NoteSigner(ORIGIN, STRANGER).key.vkey
    assert set(codes(check(COMPLETED, policy(lambda p: p["log"].update(keys=[other_key]))))) == {6, 10}
    unsealed = check(document(sealers=(None, None)))
    assert codes(unsealed) == {8: "unsealed", 10: "final"}
    assert (unsealed.authentic, unsealed.standing) == (Authentic.UNDETERMINED, Standing.UNDETERMINED)
    assert codes(check(document(sealers=(VALIDATORS[0],))))[8] == "not-final"


def test_the_reader_pins_no_contract_of_consents() -> None:
    report = check(COMPLETED, policy(lambda p: p["chain"]["contracts"].pop("consents")))
    assert codes(report) == {9: "consents-not-pinned", 10: "final"}
    assert (report.authentic, report.standing) == (Authentic.UNDETERMINED, Standing.UNDETERMINED)
    differs = {"address": CONSENTS.hex(), "code_hash": "00" * 32}
    other = check(COMPLETED, policy(lambda p: p["chain"]["contracts"].update(consents=differs)))
    assert codes(other)[9] == "code-differs"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "json-malformed"),
        (b" " * (MAX_FILE + 1), "json-too-large"),
        (edited(COMPLETED, format="yinzheng/withdrawal-conclusion/1"), "field-value"),
        (edited(COMPLETED, extra=1), "field-unknown"),
        (edited(COMPLETED, proof="no proof"), "proof-malformed"),
        (edited(COMPLETED, body=[]), "field-type"),
        (edited(COMPLETED, body=restricted()), "field-missing"),
        (
            edited(COMPLETED, statement={**json.loads(COMPLETED)["statement"], "type": "withdrawal.frozen"}),
            "conclusion-type",
        ),
    ],
)
def test_malformed(data: bytes, code: str) -> None:
    report = check(data)
    assert report.finding(1).code == code
    assert {finding.code for finding in report.findings[1:]} == {"form"}
    assert (report.authentic, report.standing) == (Authentic.NOT_OURS, Standing.UNDETERMINED)
    assert report.conclusion is None


@pytest.mark.parametrize("data", [COMPLETED, RESTRICTED], ids=["completed", "restricted"])
def test_each_field_tampered_with(data: bytes) -> None:
    """Every value of statement, body, secret, key and signature, changed alone, is found out."""
    whole = json.loads(data)
    for way, value in leaves(whole):
        if way[0] in ("chain", "proof", "format") or isinstance(value, dict | list):
            continue
        if isinstance(value, bool | None):
            other: Any = not value
        elif isinstance(value, int):
            other = value + 1
        else:
            other = ("1" if value[0] == "0" else "0") + value[1:]
        report = check(dumps(with_(copy.deepcopy(whole), way, other)))
        # What is no longer well formed, or names another signer, is damaged; all else contradicts itself.
        damaged = report.finding(1).code != "ok" or way[0] == "kid"
        assert report.authentic is (Authentic.NOT_OURS if damaged else Authentic.FORGED), way


@given(st.data())
def test_any_byte_tampered_with(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(COMPLETED) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != COMPLETED[at]))
    report = check(COMPLETED[:at] + bytes([other]) + COMPLETED[at + 1 :])
    # Bytes that the proofs do not need may differ; what is said may not.
    if report.authentic is Authentic.GENUINE:
        assert report.conclusion is not None
        assert report.conclusion.body.to_json() == completed()
