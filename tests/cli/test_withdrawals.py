"""Officers' commands about withdrawals, on a copy of the demonstration."""

from __future__ import annotations

from pathlib import Path

from tests.cli.commands import refused, run
from tests.ledger.consent_world import HOSPITAL, ConsentWorld, guardian
from yinzheng.api.cli.registry.common import keys_of
from yinzheng.ledger.consents.granting import grant
from yinzheng.ledger.consents.receipts import make_receipt
from yinzheng.ledger.demonstration.certificates import OFFICER
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.opening import open_registry
from yinzheng.ledger.registry import wall_clock
from yinzheng.ledger.withdrawals import course
from yinzheng.ledger.withdrawals.work import work_on
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.bytes.cose import to_base32
from yinzheng.verifier.formats.receipt import decode_receipt_qr, encode_receipt, short_receipt


def test_from_the_counter_to_a_restriction(state: Path, tmp_path: Path) -> None:
    with open_registry(state, keys_of, clock=wall_clock) as registry:
        made = ConsentWorld(registry)
        child = {"name": "测试童", "reference": "M-0000002", "born": "2019-05-01"}
        minor = made.body(2, person=child, guardian=guardian(registry.clock()))
        both = [one.subject for one in grant(registry, [made.body(1), minor], HOSPITAL)]
        subject, other = both[0], both[1].hex()
        settle(registry)
    name, at = subject.hex(), ("--state", state)
    part = ("withdraw", name, "--scope", "third_party_research", "--as", OFFICER, *at)
    filed = run(*part, "--json").json
    assert (filed["withdrawal"], filed["state"], filed["remains"]["scopes"]) == (
        name,
        "notified",
        ["base"],
    )
    refused(*part, code="withdrawal-not-in-force", exit_code=2)
    refused("withdraw", "--as", OFFICER, *at, code="withdrawal-subject", exit_code=2)
    refused(
        "withdraw", name, "--receipt", tmp_path, "--as", OFFICER, *at, code="withdrawal-subject", exit_code=2
    )
    refused("withdraw", "zz", "--as", OFFICER, *at, code="identifier", exit_code=2)
    missing = ("withdraw", "--receipt", tmp_path / "none", "--as", OFFICER, *at)
    refused(*missing, code="receipt-missing", exit_code=2)
    forged = tmp_path / "forged.txt"
    with open_registry(state, keys_of, clock=wall_clock) as registry:
        genuine = make_receipt(registry, subject)
        core = decode_receipt_qr(genuine.qr).core
        forged.write_text(
            encode_receipt(
                core.statement(), registry=core.registry, notice=core.notice,
                issued_at=core.issued_at, signer=Sm2PrivateKey.generate(), host="x.example",
            )
        )  # fmt: skip
    by_receipt = ("withdraw", "--as", OFFICER, *at, "--receipt")
    refused(*by_receipt, forged, code="receipt-foreign", exit_code=1)
    shown = tmp_path / "receipt.json"
    shown.write_bytes(genuine.file)
    refused(*by_receipt, shown, "--scope", "insurance", code="withdrawal-not-in-force", exit_code=2)
    short = tmp_path / "short.txt"
    short.write_text(short_receipt(genuine.qr))  # names the consent as its subject does
    refused(*by_receipt, short, "--scope", "insurance", code="withdrawal-not-in-force", exit_code=2)
    short.write_text(short_receipt(genuine.qr).replace(to_base32(subject), to_base32(bytes(32))))
    refused(*by_receipt, short, code="consent-unknown", exit_code=2)
    shown.write_bytes(genuine.file[:-1])
    refused(*by_receipt, shown, code="json-malformed", exit_code=1)
    refused("withdraw", "00" * 32, "--as", OFFICER, *at, code="consent-unknown", exit_code=2)

    assert name in {line["withdrawal"] for line in run("withdrawals", "--as", OFFICER, *at, "--json").json}
    assert name in run("withdrawals", "--as", OFFICER, *at).out
    assert run("withdrawals", "--overdue", "--as", OFFICER, *at).out == "none 没有\n"
    assert "没有来领取通知" in run("withdrawal", name, "--as", OFFICER, *at).out
    refused(
        "withdrawal",
        name,
        "--conclusion",
        tmp_path / "end",
        "--as",
        OFFICER,
        *at,
        code="withdrawal-open",
        exit_code=2,
    )

    with open_registry(state, keys_of, clock=wall_clock) as registry, work_on(registry, subject) as work:
        course.freeze(work, HOSPITAL)
    ground = ("--ground", "《医疗机构病历管理规定》", "--until", "2041-01-01T00:00", "--as", OFFICER)
    assert "限制处理" in run("restrict", name, *ground, *at).out
    assert (
        run("withdrawal", name, "--conclusion", tmp_path / "end", "--as", OFFICER, *at, "--json").json[
            "state"
        ]
        == "restricted"
    )
    assert b"withdrawal.restricted" in (tmp_path / "end").read_bytes()
    filed = run("withdraw", other, "--guardian", "--as", OFFICER, *at)
    assert "verify-guardian" in filed.out
    card, birth = tmp_path / "card.pdf", tmp_path / "birth.pdf"
    card.write_bytes(b"a card")
    proving = (
        "verify-guardian",
        other,
        "--relation",
        "parent",
        "--identity-file",
        card,
        "--as",
        OFFICER,
        *at,
    )
    proof = (*proving, "--guardianship", "birth_certificate", "--guardianship-file", birth)
    refused(*proof, code="file-missing", exit_code=2)
    birth.write_bytes(b"a certificate")
    assert "监护人" in run("withdrawal", other, "--as", OFFICER, *at).out
    refused(*proof, "--checked", "2020-01-01T00:00", code="guardian-proof-time", exit_code=2)
    told = run(*proof, "--json").json
    assert (told["state"], told["awaits_guardian"]) == ("notified", False)
    assert other in run("withdrawals", "--not-told", "--as", OFFICER, *at).out
    # None of these organisations has a webhook: they ask.
    assert run("deliver", *at, "--json").json == {"delivered": 0, "failed": 0, "faults": []}
