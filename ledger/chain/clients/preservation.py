"""Disputes on chain: holds, roots of evidence, release (S5.13 to S5.16)."""

from collections.abc import Sequence
from dataclasses import replace

from yinzheng.ledger.chain.approvals import Opening, Release
from yinzheng.ledger.chain.clients.calling import CALL_GAS, Block
from yinzheng.ledger.chain.clients.rights import RightsCalls
from yinzheng.ledger.chain.records import Amendment, Dispute, DisputeState, Evidence, OpeningKind, Subjects
from yinzheng.ledger.chain.sender import Call

SUBJECT_GAS = 180_000
"""What each subject of a dispute adds to the limit of opening and release: twice a hold on a record."""

PARTY_GAS = 80_000
"""What each party adds to the limit of opening and release: twice a slot, or a signature."""


class PreservationCalls(RightsCalls):
    """What is asked of `Preservation`, which moves records for others too."""

    def dispute(self, case_id: bytes, block: Block = "latest") -> Dispute | None:
        """Read a dispute, None if it was never opened."""
        (values,) = self._read("preservation", "disputeOf", [case_id], block)
        state, kind, *rest, opened_by, released_by = values
        if not state:
            return None
        people = (bytes.fromhex(who[2:]) for who in (opened_by, released_by))
        return Dispute(case_id, DisputeState(state), OpeningKind(kind), *rest, *people)

    def parties(self, case_id: bytes, block: Block = "latest") -> tuple[bytes, ...]:
        """Read the parties' addresses, in the order in which they sign a settlement."""
        (found,) = self._read("preservation", "partiesOf", [case_id], block)
        return tuple(bytes.fromhex(party[2:]) for party in found)

    def subjects(self, case_id: bytes, block: Block = "latest") -> Subjects:
        """Read what a dispute holds, or held; three empty lists if there is none."""
        (lists,) = self._read("preservation", "subjectsOf", [case_id], block)
        return Subjects(*(tuple(entries) for entries in lists))

    def evidence(self, case_id: bytes, root: bytes, block: Block = "latest") -> Evidence | None:
        """Read when a root of evidence was added, None if it was not."""
        (values,) = self._read("preservation", "evidenceOf", [case_id, root], block)
        return Evidence(*values) if values[0] else None

    def open_dispute(self, decision: Opening, approval: bytes) -> Call:
        """Open a dispute and hold its subjects. `approval`: the forum's, or a party's with evidence."""
        subjects = len(decision.records) + len(decision.cases) + len(decision.consents)
        gas = CALL_GAS + subjects * SUBJECT_GAS + len(decision.parties) * PARTY_GAS
        return self._call("preservation", "open", [decision.values(), [approval]], gas)

    def add_evidence(self, case_id: bytes, root: bytes, statement: bytes) -> Call:
        """Add a root of evidence to an open dispute."""
        return self._call("preservation", "addEvidence", [case_id, root, statement])

    def release(self, decision: Release, approvals: Sequence[bytes], subjects: int) -> Call:
        """End a dispute of that many subjects. `approvals`: a forum's, or all parties' in their order."""
        gas = CALL_GAS + subjects * SUBJECT_GAS + len(approvals) * PARTY_GAS
        return self._call("preservation", "release", [*decision.values(), list(approvals)], gas)

    def amend_unheld(self, id_: bytes, next_: Amendment, ground: bytes) -> Call:
        """Alter a record through preservation; for accounts and contracts that hold MODULE."""
        return self.unheld(self.amend(id_, next_, ground))

    def unheld(self, call: Call) -> Call:
        """Ask of preservation what a call asks of the registry: `amend`, `succeed` or `conclude_case`."""
        return replace(call, to=self._addresses["preservation"])
