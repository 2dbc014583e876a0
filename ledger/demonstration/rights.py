"""The demonstration's second half: a consent that is partly withdrawn, and a dispute with its pack.

Everyone's keys lie in the demonstration's own keystore, on purpose: in real use each organisation keeps its
own (`yinzheng org key new`). It may be interrupted anywhere: what was done is found by name and not repeated.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from yinzheng.ledger.chain.approvals import sign
from yinzheng.ledger.consents.granting import grant
from yinzheng.ledger.consents.handover import Seen, issue_receipt, replace_receipt
from yinzheng.ledger.consents.notices import publish_notice
from yinzheng.ledger.consents.receipts import Receipt, make_receipt
from yinzheng.ledger.demonstration.members import Members
from yinzheng.ledger.demonstration.people import acting_as
from yinzheng.ledger.disputes import collecting, evidence, opening, packing
from yinzheng.ledger.disputes.evidence import Offered
from yinzheng.ledger.disputes.plans import Concerned, Plan
from yinzheng.ledger.disputes.work import DRAFT
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.flow.threads import find_dispute
from yinzheng.ledger.keys.keystore import Keystore
from yinzheng.ledger.people.acting import Actor
from yinzheng.ledger.registry import Progress, Registry
from yinzheng.ledger.rules.extent import Extent, Way
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.rules.withdrawal import State
from yinzheng.ledger.state.files import write_durably
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models_consents import Withdrawal
from yinzheng.ledger.withdrawals import course
from yinzheng.ledger.withdrawals.claims import ReceiptClaim
from yinzheng.ledger.withdrawals.concluding import conclusion
from yinzheng.ledger.withdrawals.filing import file
from yinzheng.ledger.withdrawals.work import work_on
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.destruction import DestructionReceipt, sign_receipt
from yinzheng.verifier.formats.dispute import Disputant
from yinzheng.verifier.formats.notice import SCOPES, parse_notice
from yinzheng.verifier.formats.receipt import decode_receipt_qr

EXAMPLE: Final = "demonstration.json"
_TERM: Final = 365 * 86_400


@dataclass(frozen=True, slots=True)
class Shown:
    """What the demonstration leaves to be looked at."""

    receipt: Path
    born: str
    """What the page asks the holder of the receipt for."""
    conclusion: Path
    pack: Path

    def to_json(self) -> dict[str, str]:
        """As the command line prints it."""
        return {
            "receipt": str(self.receipt),
            "born": self.born,
            "conclusion": str(self.conclusion),
            "pack": str(self.pack),
        }


@dataclass
class _Stage:
    """One run of the demonstration."""

    registry: Registry
    keys: Keystore
    people: tuple[str, str]
    """The officer and the administrator."""
    example: dict[str, Any]
    receipt: Receipt | None = None
    """The patient's own, where this run handed it out: nobody can be given its credential again."""

    @property
    def officer(self) -> Actor:
        return acting_as(self.registry, self.people[0])

    @property
    def members(self) -> Members:
        return Members(self.registry, self.keys, *self.people)

    def party(self, role: str) -> Party:
        return Party(self.example[role]["name"], self.example[role]["code"])

    def remembered(self, name: str) -> str | None:
        with self.registry.store.reading() as session:
            return repository.read_meta(session).get(f"demo:{name}")

    def remember(self, name: str, value: str) -> str:
        with self.registry.store.transaction() as session:
            repository.write_meta(session, {f"demo:{name}": value})
        return value


def demonstrate_rights(
    registry: Registry,
    keys: Keystore,
    people: tuple[str, str],
    example: Path,
    out: Path,
    number: str,
    progress: Progress,
) -> Shown:
    """Show a consent granted, partly withdrawn and completed, and a dispute about another with its pack.

    `example` holds `demonstration.json`; `number` is a certificate the dispute's evidence includes. Files go
    to `out`.
    """
    stage = _Stage(registry, keys, people, json.loads((example / EXAMPLE).read_text(encoding="utf-8")))
    progress("enrolling a hospital, a company and a court")
    for role in ("controller", "recipient", "forum"):
        stage.members.enrol(role, stage.party(role), stage.example[role]["roles"])
    settle(registry)
    first, second = _consents(stage, progress)
    withdrawal = _withdraw(stage, first, progress)
    settle(registry)
    dispute = _dispute(stage, second, number, progress)
    settle(registry)
    return _write(stage, first, withdrawal, dispute, out, progress)


def _consents(stage: _Stage, progress: Progress) -> tuple[bytes, ...]:
    """The notice, and a consent of each patient to it; gives their subjects."""
    known = stage.remembered("consents")
    if known is None:
        progress("publishing a notice, recording consents")
        registry, now = stage.registry, stage.registry.clock()
        body = {
            "v": 1,
            "version": 1,
            "replaces": None,
            "controller": stage.party("controller").to_json(),
            **stage.example["notice"],
            "published_at": now,
        }
        notice = publish_notice(registry, body, stage.party("controller").code)
        digest = parse_notice(body).digest().to_json()
        given = [_consent(stage, body, notice.leaf, digest, patient) for patient in stage.example["patients"]]
        granted = grant(registry, given, stage.party("controller").code)
        known = stage.remember("consents", " ".join(one.subject.hex() for one in granted))
        settle(registry)
    return tuple(bytes.fromhex(subject) for subject in known.split())


def _consent(stage: _Stage, notice: Any, leaf: bytes, digest: Any, patient: Any) -> dict[str, Any]:
    now = stage.registry.clock()
    agreed = {purpose["scope"] for purpose in notice["purposes"]}
    return {
        "v": 1,
        "controller": notice["controller"],
        "notice": {"leaf": leaf.hex(), "digest": digest},
        "person": patient,
        "guardian": None,
        "method": "electronic",
        "scopes": {scope: True if scope in agreed else None for scope in SCOPES},
        "recipients": [{**recipient, "answer": True} for recipient in notice["recipients"]],
        "genetic": False,
        "given_at": now,
        "until": now + _TERM,
    }


def _withdraw(stage: _Stage, subject: bytes, progress: Progress) -> bytes:
    """The first patient takes the company's part back; everyone obeys; gives the withdrawal's identifier."""
    registry = stage.registry
    with registry.store.reading() as session:
        begun = session.get(Withdrawal, subject) is not None
    if not begun:
        progress("withdrawing one recipient by the patient's receipt")
        code = decode_receipt_qr(_own_receipt(stage, subject).qr)
        claim = ReceiptClaim(code, stage.example["patients"][0]["born"])
        extent = Extent(recipients=frozenset({stage.party("recipient").code}))
        file(registry, subject, extent, channel=Way.RECEIPT, claim=claim)
    with work_on(registry, subject) as work:
        state, request = work.situation.state, work.request[0]
    if state is State.NOTIFIED:
        with work_on(registry, subject) as work:
            course.freeze(work, stage.party("controller").code)
    if state is not State.COMPLETED:
        progress("destruction receipts of hospital and company")
        for role, operator in (("controller", "数据管理员"), ("recipient", "运维工程师")):
            key = stage.members.sm2(role)
            signed = DestructionReceipt(
                withdrawal=subject,
                request=request,
                recipient=stage.party(role).code,
                kid=key_id(key.public_key.point),
                method="key_destruction",
                copies=1,
                operator=operator,
                evidence=None,
                destroyed_at=registry.clock(),
            )
            with work_on(registry, subject) as work:
                if work.recipients[stage.party(role).code].receipt is None:
                    course.receipt(work, sign_receipt(signed, key))
    return subject


def _own_receipt(stage: _Stage, subject: bytes) -> Receipt:
    """The patient's own receipt, with evidence of now.

    Where an earlier run was interrupted, or its files were taken away, another takes the place of the one
    that run handed out.
    """
    registry, by = stage.registry, stage.officer
    if stage.receipt is not None:
        credential = decode_receipt_qr(stage.receipt.qr).credential
        assert credential is not None  # it is the patient's own
        stage.receipt = make_receipt(registry, subject).owned(credential)
        return stage.receipt
    try:
        stage.receipt = issue_receipt(registry, subject, by)
    except UsageFault as fault:
        if fault.code != "receipt-issued":
            raise
        stage.receipt = replace_receipt(registry, subject, by, Seen("identity_card"))
    return stage.receipt


def _dispute(stage: _Stage, subject: bytes, number: str, progress: Progress) -> str:
    """The second patient's hospital takes the company to court: a page, then what the ledger says."""
    registry = stage.registry
    forum = stage.members.account("forum")
    dispute = stage.remembered("dispute")
    if dispute is None:
        progress("opening a dispute")
        plan = Plan(
            kind="forum",
            forum=stage.party("forum"),
            number=stage.example["dispute"]["number"],
            parties=tuple(_disputant(stage, role) for role in ("controller", "recipient")),
            concerned=Concerned(consents=(subject,)),
        )
        dispute = stage.remember("dispute", opening.draft(registry, stage.party("forum").code, plan))
    with registry.store.reading() as session:
        draft = find_dispute(session, dispute).state == DRAFT
    if draft:
        decision = opening.prepare(registry, dispute, forum.address)
        domain = registry.client.preservation_domain
        opening.open_dispute(registry, dispute, sign(decision, domain, forum))
        settle(registry)
    if stage.remembered("evidence") is None:
        progress("preserving evidence")
        evidence.add_items(registry, dispute, [_page(stage)], Capacity.PARTY)
        items = [collecting.consent_item(registry, subject), collecting.certificate_item(registry, number)]
        evidence.add_items(registry, dispute, items, Capacity.REGISTRY)
        stage.remember("evidence", "added")
    return dispute


def _disputant(stage: _Stage, role: str) -> Disputant:
    party = stage.party(role)
    account = stage.members.account(role).address
    return Disputant(party.name, party.code, account, stage.members.sm2(role).public_key.point)


def _page(stage: _Stage) -> Offered:
    page, controller, now = stage.example["page"], stage.party("controller"), stage.registry.clock()
    claim = {
        "v": 1,
        "kind": "web_capture",
        "title": page["title"],
        "about": {"url": page["url"], "status": 200, "requested_at": now},
        "collector": {"name": controller.name, "code": controller.code},
        "tool": page["tool"],
        "environment": page["environment"],
        "captured_at": now,
        "provenance": "演示用的虚构页面 A made-up page.",
        "custody": [],
        "witnesses": [],
    }
    return Offered(claim, [page["html"].encode()])


def _write(
    stage: _Stage, subject: bytes, withdrawal: bytes, dispute: str, out: Path, progress: Progress
) -> Shown:
    progress("writing receipt, conclusion and pack")
    out.mkdir(parents=True, exist_ok=True)
    shown = Shown(
        receipt=out / "consent-receipt.pdf",
        born=stage.example["patients"][0]["born"],
        conclusion=out / "withdrawal-conclusion.json",
        pack=out / f"{dispute}.zip",
    )
    if not shown.receipt.exists():
        receipt = _own_receipt(stage, subject)
        write_durably(shown.receipt.with_suffix(".png"), receipt.png())
        write_durably(shown.receipt, receipt.pdf())
    write_durably(shown.conclusion, conclusion(stage.registry, withdrawal))
    if not shown.pack.exists():
        packing.build_pack(stage.registry, dispute, shown.pack, by=stage.officer, progress=progress)
    return shown
