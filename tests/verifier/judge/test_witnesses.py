"""Who must have cosigned the log's head, and what is said where they have not (S9.9, ADR 63)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest

from tests.ledger.witnesses.witness import cosign
from tests.verifier.live_world import FakeLedger
from tests.verifier.world import LOG_ED, NOW, World, genuine_file, presented, trust, trust_json
from yinzheng.verifier import Authentic, Outcome, Presented, Report
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import Ed25519PrivateKey
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.judge.certificate.verify import verify
from yinzheng.verifier.judge.trust import parse_trust
from yinzheng.verifier.log.cosignature import CosignerKey
from yinzheng.verifier.log.note import split_note
from yinzheng.verifier.log.tlogproof import TlogProof
from yinzheng.verifier.words.phrases import cosigned, reason

PRIVATE: Final = {name: Ed25519PrivateKey(bytes([at]) * 32) for at, name in enumerate("abc", start=40)}
AT: Final = 1_762_000_100


def key(name: str) -> CosignerKey:
    return CosignerKey(f"{name}.example/w", PRIVATE[name].public_key)


RENAMED: Final = replace(key("a"), name="b.example/w")
"""The key of one witness under the name of another: its ID is another, too."""


def entry(name: str, *keys: str) -> dict[str, Any]:
    return {"name": f"见证{name}", "keys": [key(one).vkey for one in keys or (name,)]}


def asking(quorum: int, *witnesses: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    def edit(policy: dict[str, Any]) -> None:
        policy["witnesses"], policy["quorum"] = list(witnesses), quorum

    return edit


def lines(*names: str, text: str | None = None) -> str:
    said = text or split_note(TlogProof.from_text(genuine_file()["proof"]).checkpoint)[0]
    return "".join(cosign(f"{name}.example/w", PRIVATE[name], said, AT) for name in names)


def judged(added: str, policy: Callable[[dict[str, Any]], None]) -> Report:
    file = genuine_file()
    file["proof"] += added
    return verify(presented(file), trust(policy), now=NOW)


BOTH: Final = (entry("a"), entry("b"))


@pytest.mark.parametrize("quorum", [0, 1, 2])
def test_as_many_as_asked_for(quorum: int) -> None:
    report = judged(lines("a", "b", "c"), asking(quorum, *BOTH))
    assert (report.authentic, report.exit_code) == (Authentic.GENUINE, 0)
    finding = report.finding(6)
    assert finding.data == {
        "cosigned": [{"name": "见证a", "at": AT}, {"name": "见证b", "at": AT}],
        "missing": [],
        "quorum": quorum,
    }
    said = cosigned(finding)
    assert said is not None
    assert "见证a 2025-11-01 20:28:20+08:00" in said.zh


@pytest.mark.parametrize("present", ["", "a", "c"])
def test_too_few_leave_it_open(present: str) -> None:
    report = judged(lines(*present), asking(2, *BOTH))
    finding = report.finding(6)
    assert (finding.outcome, finding.code) == (Outcome.SKIPPED, "witnesses-missing")
    assert "见证b" in finding.data["missing"]
    assert (report.authentic, report.exit_code) == (Authentic.UNDETERMINED, 3)
    assert [f.number for f in report.findings if f.outcome is not Outcome.VALID] == [6]
    assert "见证方" in reason(finding).zh


def test_a_wrong_line_of_a_pinned_witness_is_a_forgery() -> None:
    report = judged(lines("a") + lines("b", text="another\n"), asking(1, *BOTH))
    assert (report.finding(6).code, report.authentic) == ("cosignature-wrong", Authentic.FORGED)
    assert [f.number for f in report.findings if f.outcome is Outcome.INVALID] == [6]
    # Whoever does not pin that witness ignores its line, as anybody's.
    assert judged(lines("b", text="another\n"), asking(1, entry("a"), entry("c"))).exit_code == 3
    assert judged(lines("b", text="another\n"), lambda _policy: None).exit_code == 0


def test_a_ledger_that_adds_a_wrong_line_makes_no_forgery() -> None:
    """What a live answer does not prove is not had (S9.1), a witness's line among it."""
    wrong = lines("a", text="other.example\n1\nAAAA\n")
    live = FakeLedger(World(), edit_record=lambda one: replace(one, proof=one.proof + wrong))
    report = verify(Presented("qr", qr=World().qr), trust(asking(1, *BOTH)), now=NOW, live=live)
    assert (report.authentic, report.exit_code) == (Authentic.UNDETERMINED, 3)
    assert report.finding(6).code == "live-refused"


def test_a_head_that_witnesses_of_another_log_signed_counts_for_nothing() -> None:
    text = split_note(TlogProof.from_text(genuine_file()["proof"]).checkpoint)[0]
    other = lines("a", text=text.replace("log.example.org", "other.example"))
    assert judged(other, asking(1, *BOTH)).finding(6).code == "cosignature-wrong"


def test_two_keys_of_one_witness_count_once() -> None:
    report = judged(lines("a", "c"), asking(2, entry("a", "a", "c"), entry("b")))
    assert report.finding(6).code == "witnesses-missing"
    assert judged(lines("c"), asking(1, entry("a", "a", "c"), entry("b"))).exit_code == 0


def test_without_witnesses_nothing_is_told() -> None:
    report = judged(lines("a"), lambda _policy: None)
    assert report.finding(6).data == {}
    assert cosigned(report.finding(6)) is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"witnesses": list(BOTH)}, "without a quorum"),
        ({"quorum": 1}, "without witnesses"),
        ({"witnesses": list(BOTH), "quorum": 3}, "more witnesses than"),
        ({"witnesses": [entry("a"), {**entry("b"), "name": "见证a"}], "quorum": 1}, "a witness twice"),
        ({"witnesses": [entry("a"), entry("b", "a")], "quorum": 1}, "key twice"),
        ({"witnesses": [entry("a"), {**entry("b"), "keys": [RENAMED.vkey]}], "quorum": 2}, "key twice"),
        ({"witnesses": [], "quorum": 0}, "trust policy"),
        ({"witnesses": [{**entry("a"), "keys": []}], "quorum": 0}, "trust policy"),
        ({"witnesses": [{**entry("a"), "keys": [LOG_ED.key.vkey]}], "quorum": 0}, "trust policy"),
        ({"witnesses": [{**entry("a"), "more": 1}], "quorum": 0}, "trust policy"),
        ({"witnesses": list(BOTH), "quorum": -1}, "trust policy"),
    ],
)
def test_policies_that_are_none(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(DataFault) as caught:
        parse_trust(canonical.dumps(trust_json(**changes)))
    assert caught.value.code == "trust-malformed"
    assert says in caught.value.message


def test_the_log_is_not_its_own_witness() -> None:
    own = CosignerKey("log.example.org", LOG_ED.key.key)  # type: ignore[arg-type]
    witness = {"name": "自己", "keys": [own.vkey]}
    with pytest.raises(DataFault, match="its own witness"):
        parse_trust(canonical.dumps(trust_json(witnesses=[witness], quorum=1)))
