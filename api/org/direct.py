"""An organisation's own account tells the contracts itself, through a node of its own (D17, S24).

Nothing here needs the registry, its desk or its node: the policy names chain and contracts, the node takes
the transaction. The registry finds it in final blocks, and cannot ignore it.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from yinzheng.api.org.member import Member
from yinzheng.ledger.certificates.messages import domain_of, message_of
from yinzheng.ledger.chain import approvals
from yinzheng.ledger.chain.approvals import PRESERVATION_NAME, Domain, sign
from yinzheng.ledger.chain.clients.consents import ConsentCalls
from yinzheng.ledger.chain.clients.preservation import PreservationCalls
from yinzheng.ledger.chain.clients.standing import StandingCalls
from yinzheng.ledger.chain.connect import connect
from yinzheng.ledger.chain.records import OpeningKind
from yinzheng.ledger.chain.reverts import NodeRefused, RevertUnknown, translated
from yinzheng.ledger.chain.sender import Call, Sender
from yinzheng.ledger.disputes.plans import Plan
from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.errors import EnvironmentFault, UsageFault, YinzhengError
from yinzheng.verifier.formats.body import check_number
from yinzheng.verifier.formats.dispute import Opening, Release, Subjects
from yinzheng.verifier.formats.dispute_paper import DisputePaper, paper_of
from yinzheng.verifier.formats.order import Order, Ordered, statement_of
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.statement import certificate_subject

_IDENTIFIER: Final = re.compile(r"[0-9a-f]{64}")

PATIENCE = 90
"""Seconds until a block has what was sent."""


class Inlets(PreservationCalls, StandingCalls, ConsentCalls):
    """The contracts that take in what is told directly, by a policy's addresses."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a block has."""

    transaction: bytes
    block: int


class Own:
    """An organisation's account at a node of its own."""

    def __init__(self, member: Member, policy: TrustPolicy, url: str) -> None:
        """Ask the node which chain it is of. Raises `EnvironmentFault` `other-chain`, or as the node does."""
        self._sender, self.calls = _opened(member, policy, url)

    @property
    def account(self) -> bytes:
        """The account, 20 bytes."""
        return self._sender.address

    def tell(self, call: Call, keep: Callable[[], None]) -> Told:
        """Send it and wait until a block has it, which need not be final yet.

        `keep` keeps what proves what is told: after all that speaks against sending, and before it is sent.

        Raises what the contracts say of it, and `EnvironmentFault` `chain-unfunded`, as the node does, before
        `keep` is called; what `keep` raises; then `EnvironmentFault` `direct-refused` (the node took nothing)
        and `direct-open` (it is sent, perhaps, and in no block yet), and what the contracts say in a block.
        """
        sender = self._sender
        self.calls.simulate(call, self.account)
        made = sender.prepare(call, sender.next_nonce(), sender.fees_for([call.gas]).fees)
        keep()
        try:
            sender.broadcast(made)
            mined = sender.wait(made.hash, PATIENCE)
        except (NodeRefused, RevertUnknown) as fault:
            raise _refused(fault) from fault
        except EnvironmentFault as fault:
            raise _open(made.hash) from fault
        if mined.refusal is not None:
            raise mined.refusal
        return Told(made.hash, mined.block_number)


def opening_paper(plan: Plan, account: bytes, now: int, profile: str) -> DisputePaper:
    """What a forum opens by a plan, told by its account (20 bytes), under an identifier of its own.

    A plan for this names cases by their identifiers on chain. Raises `UsageFault` `dispute-subject-unknown`
    (a case by anything else), and as `check_number` and `parse_opening` do.
    """
    concerned = plan.concerned
    if any(_IDENTIFIER.fullmatch(case) is None for case in concerned.cases):
        raise UsageFault(
            "a dispute that is opened on the chain itself names cases by their identifiers",
            code="dispute-subject-unknown",
            hint="Write the 64 hex digits of each; its notice on the board has them as its subject.",
        )
    records = {certificate_subject(check_number(number, "certificates")) for number in concerned.certificates}
    body = Opening(
        dispute=secrets.token_bytes(32),
        forum=plan.forum,
        number=plan.number,
        kind="forum",
        opened_by=account,
        parties=tuple(sorted(plan.parties, key=lambda party: party.account)),
        subjects=Subjects(
            tuple(sorted(records)),
            tuple(sorted(map(bytes.fromhex, set(concerned.cases)))),
            tuple(sorted(set(concerned.consents))),
        ),
        opened_at=now,
        evidence_root=None,
    )
    return paper_of(body, secrets.token_bytes(32), profile=profile, prev=None)


def opening_call(paper: DisputePaper, member: Member, policy: TrustPolicy, own: Own) -> Call:
    """The call by which the forum's account opens what a paper says. Raises as `preservation_domain`."""
    assert isinstance(paper.body, Opening)
    body = paper.body
    decision = approvals.Opening(
        case_id=body.dispute,
        root=bytes(32),
        kind=OpeningKind.FORUM,
        parties=tuple(party.account for party in body.parties),
        statement=paper.statement.leaf_hash,
        records=body.subjects.records,
        cases=body.subjects.cases,
        consents=body.subjects.consents,
    )
    signature = sign(decision, preservation_domain(policy), member.account_key())
    return own.calls.open_dispute(decision, signature)


def release_paper(
    opened: DisputePaper, document: DigestPair, reference: str, account: bytes, now: int, prev: bytes | None
) -> DisputePaper:
    """What a forum ends by its document; `prev` is the dispute's last statement, None: its opening."""
    body = Release(
        dispute=opened.body.dispute,
        kind="document",
        document=document,
        reference=reference,
        signers=(account,),
        released_at=now,
        resumed=(),
    )
    statement = opened.statement
    last = statement.leaf_hash if prev is None else prev
    return paper_of(body, secrets.token_bytes(32), profile=statement.profile, prev=last)


def release_call(paper: DisputePaper, subjects: int, member: Member, policy: TrustPolicy, own: Own) -> Call:
    """The call by which it ends a dispute of so many subjects. Raises as `preservation_domain`."""
    decision = approvals.Release(paper.body.dispute, paper.statement.leaf_hash)
    signature = sign(decision, preservation_domain(policy), member.account_key())
    return own.calls.release(decision, [signature], subjects)


def order_of(member: Member, policy: TrustPolicy, body: Ordered, profile: str, prev: bytes) -> Order:
    """An exchange's order, signed with its account. Raises as `domain_of`."""
    statement = statement_of(body, profile=profile, prev=prev, by="exchange")
    message = message_of(body, statement.leaf_hash)
    return Order(statement, body, sign(message, domain_of(policy), member.account_key()))


def preservation_domain(policy: TrustPolicy) -> Domain:
    """Where openings and releases are signed for the registry of a policy. Raises `UsageFault`."""
    if policy.preservation is None:
        raise _unpinned()
    return Domain(policy.chain_id, policy.preservation.address, PRESERVATION_NAME)


def _opened(member: Member, policy: TrustPolicy, url: str) -> tuple[Sender, Inlets]:
    if policy.standing is None or policy.preservation is None or policy.consents is None:
        raise _unpinned()
    w3 = connect(url)
    with translated():
        found = (w3.eth.chain_id, bytes(w3.eth.get_block(0)["hash"]))
    if found != (policy.chain_id, policy.genesis):
        raise EnvironmentFault(
            "this node is of another chain than the policy names",
            code="other-chain",
            hint="Nothing was sent. Give the address of a node of that chain.",
        )
    addresses: Mapping[str, bytes] = {
        "rights": policy.rights.address,
        "standing": policy.standing.address,
        "preservation": policy.preservation.address,
        "consents": policy.consents.address,
    }
    return Sender(w3, member.account_key().account(), time.sleep), Inlets(w3, addresses)


def _refused(fault: YinzhengError) -> EnvironmentFault:
    return EnvironmentFault(
        f"the node did not take what was signed: {fault.message}",
        code="direct-refused",
        hint="As far as this node says, nothing of it is on the chain. Mend what it names, then do it again"
        " with another --out; this time's file proves nothing then.",
    )


def _open(transaction: bytes) -> EnvironmentFault:
    return EnvironmentFault(
        "what was signed is in no block yet, as far as this node says",
        code="direct-open",
        hint="Keep the file: it may still come, and the file alone proves what was told. Hand it in later:"
        " `yinzheng org direct hand-in`. Only if it is not found then, do it again; else it is told twice.",
        transaction=transaction.hex(),
    )


def _unpinned() -> UsageFault:
    return UsageFault(
        "this policy does not pin the contracts that are told directly",
        code="moves-not-pinned",
        hint="Get the registry's present trust.json from its officer.",
    )
