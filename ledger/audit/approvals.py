"""Is every approval signed by the person it names, over what was decided (S5.5)?"""

from __future__ import annotations

from sqlmodel import Session, col, select

from yinzheng.ledger.audit.finding import SOME, Audit
from yinzheng.ledger.cases.preparing import deposit_of
from yinzheng.ledger.chain.approvals import digest
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Approval, Case, Person
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import recover_address
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import MAX_BODY, parse_body


def check_approvals(audit: Audit) -> None:
    """Recover every signer (`approval-altered`), and compare deposits with their certificates."""
    with audit.store.reading() as session:
        people = {person.name: person.address for person in session.exec(select(Person))}
        some = select(Approval).where(*audit.part.of(Approval.id)).order_by(col(Approval.id))
        for approval in session.exec(some.execution_options(yield_per=SOME)):
            with audit.finding(case=approval.case_id, approval=approval.id):
                who = approval.person or approval.organisation
                # Which account an organisation had then, the contracts asked.
                of_person = approval.person is None or people.get(approval.person) == approval.address
                if who is None or not of_person or _signer(approval) != approval.address:
                    raise DataFault(f"an approval of {who} bears another signature", code="approval-altered")
                if approval.kind == "deposit":
                    _check_deposit(audit, session, approval)


def _signer(approval: Approval) -> bytes:
    """Address that made the signature, whose v is 27 or 28 as contracts want it."""
    parity = bytes((max(0, approval.signature[-1] - 27),)) if approval.signature else b""
    return recover_address(approval.digest, approval.signature[:-1] + parity)


def _check_deposit(audit: Audit, session: Session, approval: Approval) -> None:
    """What was signed is a certificate of the case that stands, or its present draft."""
    case = session.get_one(Case, approval.case_id)
    certificates = repository.certificates_of_case(session, case.id)
    if not certificates:
        raise DataFault("an approval is of a certificate that is not there", code="certificate-missing")
    bodies = [parse_body(canonical.loads(one.body, max_bytes=MAX_BODY)) for one in certificates]
    decisions = [deposit_of(case.subject, body) for body in bodies]
    if approval.digest not in {digest(decision, audit.client.domain) for decision in decisions}:
        raise DataFault("an approval is of another certificate", code="approval-altered")
