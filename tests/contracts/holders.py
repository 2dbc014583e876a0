"""Organisations with accounts, and shorthand for what they and the registry sign about them (S5.18)."""

from dataclasses import dataclass
from typing import Any

from eth_account.signers.local import LocalAccount

from tests.contracts.disputes import Court
from tests.contracts.world import OFFICERS, address, b32, person
from tests.wallet import sign
from yinzheng.ledger.chain.approvals_holders import Enrolment, Replacement, Revocation, Rotation, Veto
from yinzheng.ledger.chain.messages import Message
from yinzheng.ledger.chain.records_holders import AccountState, HolderOnChain
from yinzheng.ledger.chain.sender import Call

OFFICER = OFFICERS[0]
DELAY = 15 * 86_400
HOSPITAL, FIRM, INSTITUTE = (b32(n) for n in (701, 702, 703))
"""Organisations, ascending."""
KEYS = {HOSPITAL: person(7001), FIRM: person(7002), INSTITUTE: person(7003)}
"""The accounts they begin with."""
SM2, SAID = b32(710), b32(711)


@dataclass
class Accounts:
    """Organisations on a court's chain."""

    court: Court

    def signed(self, decision: Message, *people: LocalAccount) -> list[bytes]:
        return [sign(decision, self.court.client.holders_domain, one) for one in people]

    def of(self, organisation: bytes) -> HolderOnChain:
        found = self.court.client.holder(organisation)
        assert found is not None
        return found

    def current(self, organisation: bytes) -> bytes | None:
        return self.court.client.account_of(organisation)

    def enrol(
        self, organisation: bytes, of: LocalAccount | None = None, *people: LocalAccount, **changes: Any
    ) -> Call:
        account = of or KEYS[organisation]
        fields: dict[str, Any] = {"serial": 1, "account": address(account), "key": SM2, "statement": SAID}
        decision = Enrolment(organisation, **fields | changes)
        return self.court.client.enrol(decision, self.signed(decision, *(people or (account, OFFICER))))

    def rotate(self, organisation: bytes, to: LocalAccount, *people: LocalAccount, **changes: Any) -> Call:
        decision = Rotation(**self._next(organisation, to) | changes)
        signers = people or (to, KEYS[organisation], OFFICER)
        return self.court.client.rotate(decision, self.signed(decision, *signers))

    def replace(self, organisation: bytes, to: LocalAccount, *people: LocalAccount, **changes: Any) -> Call:
        decision = Replacement(**self._next(organisation, to) | changes)
        signers = people or (to, OFFICER)
        return self.court.client.replace_account(decision, self.signed(decision, *signers))

    def veto(self, organisation: bytes, by: LocalAccount | None = None, **changes: Any) -> Call:
        fields: dict[str, Any] = {"serial": self.of(organisation).serial + 1, "statement": SAID}
        decision = Veto(organisation, **fields | changes)
        (approval,) = self.signed(decision, by or KEYS[organisation])
        return self.court.client.veto(decision, approval)

    def revoke(self, organisation: bytes, by: LocalAccount | None = None, **changes: Any) -> Call:
        fields: dict[str, Any] = {
            "serial": self.of(organisation).serial + 1,
            "account": address(KEYS[organisation]),
            "reason": AccountState.LOST,
            "since": self.court.now,
            "statement": SAID,
        }
        decision = Revocation(organisation, **fields | changes)
        (approval,) = self.signed(decision, by or KEYS[organisation])
        return self.court.client.revoke_account(decision, approval)

    def _next(self, organisation: bytes, to: LocalAccount) -> dict[str, Any]:
        serial = self.of(organisation).serial + 1
        return {
            "organisation": organisation,
            "serial": serial,
            "account": address(to),
            "key": b32(720),
            "statement": SAID,
        }


def enrolled(court: Court, *organisations: bytes) -> Accounts:
    """Enter organisations with the accounts they begin with."""
    accounts = Accounts(court)
    for organisation in organisations:
        court.send(accounts.enrol(organisation))
    return accounts
