"""Consents and disputes as the ledger calls them: typed reads, and writes as `Call`s (S5.10 to S5.16)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from web3 import Web3

from yinzheng.ledger.chain.approvals import PRESERVATION_NAME, Domain, Opening, Release
from yinzheng.ledger.chain.client import CALL_GAS, Block, RegistryClient, functions
from yinzheng.ledger.chain.deployment import Deployment
from yinzheng.ledger.chain.modules import Modules
from yinzheng.ledger.chain.records import (
    Amendment,
    Dispute,
    DisputeState,
    Evidence,
    OpeningKind,
    Receipt,
    ReceiptState,
    Subjects,
    Withdrawal,
    WithdrawalState,
)
from yinzheng.ledger.chain.sender import Call

RECIPIENT_GAS = 60_000
"""What each recipient adds to the limit of a withdrawal's opening: twice its slot and data."""

SUBJECT_GAS = 180_000
"""What each subject of a dispute adds to the limit of opening and release: twice a hold on a record."""

PARTY_GAS = 80_000
"""What each party adds to the limit of opening and release: twice a slot, or a signature."""


class ConsentClient(RegistryClient):
    """A deployment with its modules. Identifiers, hashes and roots are 32 bytes, addresses 20.

    Reads raise `ChainUnreachable` or `NodeRefused`; `block` is the number whose state they show.
    """

    def __init__(self, w3: Web3, deployment: Deployment, modules: Modules) -> None:
        """Use both as given; `check_deployment` and `check_modules` say whether they are on this chain."""
        super().__init__(w3, deployment)
        self.modules = modules
        self._abi |= {
            modules.consents: functions("ConsentRegistry"),
            modules.preservation: functions("Preservation"),
        }

    @property
    def preservation_domain(self) -> Domain:
        """Where the signatures of forums and parties hold."""
        return Domain(self.deployment.chain_id, self.modules.preservation, PRESERVATION_NAME)

    # ---------------------------------------------------------------- reads

    def withdrawal(self, id_: bytes, block: Block = "latest") -> Withdrawal | None:
        """Read the withdrawal of a consent, None if the chain knows nothing of it: no withdrawal, no hold."""
        (values,) = self._read(self.modules.consents, "withdrawalOf", [id_], block)
        state, minor, recipients, receipts, holds, late, _, *rest = values
        if not state and not holds:
            return None
        return Withdrawal(id_, WithdrawalState(state), minor, recipients, receipts, holds, late, *rest)

    def withdrawals_opened(self, consent: bytes, block: Block = "latest") -> int:
        """Read how many withdrawals of a consent were opened."""
        return int(self._read(self.modules.consents, "openedOf", [consent], block)[0])

    def receipt_of(self, id_: bytes, recipient: bytes, block: Block = "latest") -> Receipt | None:
        """Read what a recipient owes or gave, None if it is no recipient of this withdrawal."""
        (values,) = self._read(self.modules.consents, "receiptOf", [id_, recipient], block)
        state, late, given_at, statement = values
        return Receipt(ReceiptState(state), late, given_at, statement) if state else None

    def deadline(self, id_: bytes, block: Block = "latest") -> int:
        """Read the last second for destruction. Raises `WrongState` if nobody withdrew the consent."""
        return int(self._read(self.modules.consents, "deadline", [id_], block)[0])

    def freeze_deadline(self, id_: bytes, block: Block = "latest") -> int | None:
        """Read the last second for freezing, None for a person of age. Raises `WrongState` as `deadline`."""
        return int(self._read(self.modules.consents, "freezeDeadline", [id_], block)[0]) or None

    def is_overdue(self, id_: bytes, instant: int, block: Block = "latest") -> bool:
        """Ask whether a duty is overdue at `instant`, if nothing happens from the block until then.

        Raises:
            WrongState: nobody withdrew the consent.
            ValueRefused: `instant-past`, it changed after `instant`: ask at an earlier block.
        """
        return bool(self._read(self.modules.consents, "isOverdue", [id_, instant], block)[0])

    def overdue_since(self, id_: bytes, block: Block = "latest") -> int | None:
        """Read the deadline that has passed by the block with its duty open, None if there is none.

        Raises `WrongState` as `deadline`.
        """
        return int(self._read(self.modules.consents, "overdueSince", [id_], block)[0]) or None

    def dispute(self, case_id: bytes, block: Block = "latest") -> Dispute | None:
        """Read a dispute, None if it was never opened."""
        (values,) = self._read(self.modules.preservation, "disputeOf", [case_id], block)
        state, kind, *rest, opened_by, released_by = values
        if not state:
            return None
        people = (bytes.fromhex(who[2:]) for who in (opened_by, released_by))
        return Dispute(case_id, DisputeState(state), OpeningKind(kind), *rest, *people)

    def parties(self, case_id: bytes, block: Block = "latest") -> tuple[bytes, ...]:
        """Read the parties' addresses, in the order in which they sign a settlement."""
        (found,) = self._read(self.modules.preservation, "partiesOf", [case_id], block)
        return tuple(bytes.fromhex(party[2:]) for party in found)

    def subjects(self, case_id: bytes, block: Block = "latest") -> Subjects:
        """Read what a dispute holds, or held; three empty lists if there is none."""
        (lists,) = self._read(self.modules.preservation, "subjectsOf", [case_id], block)
        return Subjects(*(tuple(entries) for entries in lists))

    def evidence(self, case_id: bytes, root: bytes, block: Block = "latest") -> Evidence | None:
        """Read when a root of evidence was added, None if it was not."""
        (values,) = self._read(self.modules.preservation, "evidenceOf", [case_id, root], block)
        return Evidence(*values) if values[0] else None

    # ---------------------------------------------------------------- withdrawals

    def open_withdrawal(
        self,
        id_: bytes,
        consent: bytes,
        received_at: int,
        request: bytes,
        recipients: Iterable[bytes],
        *,
        minor: bool,
    ) -> Call:
        """Withdraw `consent` by `id_`, the same for its first withdrawal and another for each later one.

        `recipients` are salted hashes, which this puts in order.
        """
        listed = sorted(recipients)
        arguments = [id_, consent, received_at, minor, request, listed]
        return _sized(self._call(self.modules.consents, "open", arguments), len(listed) * RECIPIENT_GAS)

    def frozen(self, id_: bytes, statement: bytes) -> Call:
        """Record that the data interfaces are frozen."""
        return self._call(self.modules.consents, "frozen", [id_, statement])

    def receipt(self, id_: bytes, recipient: bytes, statement: bytes) -> Call:
        """Record a recipient's proof of destruction, in time or late."""
        return self._call(self.modules.consents, "receipt", [id_, recipient, statement])

    def complete(self, id_: bytes, statement: bytes) -> Call:
        """Record that everything is destroyed."""
        return self._call(self.modules.consents, "complete", [id_, statement])

    def restrict(self, id_: bytes, statement: bytes, until: int) -> Call:
        """Restrict the data to storage and protection until `until`, on the statement's legal ground."""
        return self._call(self.modules.consents, "restrict", [id_, statement, until])

    # ---------------------------------------------------------------- disputes

    def open_dispute(self, decision: Opening, approval: bytes) -> Call:
        """Open a dispute and hold its subjects. `approval`: the forum's, or a party's with evidence."""
        call = self._call(self.modules.preservation, "open", [decision.values(), [approval]])
        subjects = len(decision.records) + len(decision.cases) + len(decision.consents)
        return _sized(call, subjects * SUBJECT_GAS + len(decision.parties) * PARTY_GAS)

    def add_evidence(self, case_id: bytes, root: bytes, statement: bytes) -> Call:
        """Add a root of evidence to an open dispute."""
        return self._call(self.modules.preservation, "addEvidence", [case_id, root, statement])

    def release(self, decision: Release, approvals: Sequence[bytes], subjects: int) -> Call:
        """End a dispute of that many subjects. `approvals`: a forum's, or all parties' in their order."""
        call = self._call(self.modules.preservation, "release", [*decision.values(), list(approvals)])
        return _sized(call, subjects * SUBJECT_GAS + len(approvals) * PARTY_GAS)

    def amend_unheld(self, id_: bytes, next_: Amendment, ground: bytes) -> Call:
        """Alter a record through preservation; for accounts and contracts that hold MODULE."""
        direct = self.amend(id_, next_, ground)
        return replace(direct, to=self.modules.preservation)


def _sized(call: Call, surplus: int) -> Call:
    return replace(call, gas=CALL_GAS + surplus)
