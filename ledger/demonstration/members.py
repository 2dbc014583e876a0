"""Organisations of the demonstration: their keys lie in its own keystore, on purpose.

In real use each keeps its own (`yinzheng org key new`, `yinzheng holder key new`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from yinzheng.ledger.chain.approvals import sign
from yinzheng.ledger.demonstration.people import acting_as
from yinzheng.ledger.keys.keystore import Keystore
from yinzheng.ledger.keys.provider import EthereumKey, Kind
from yinzheng.ledger.organisations.accounts import entering
from yinzheng.ledger.organisations.enrolment import enrol
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models_consents import Organisation
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.organisation import (
    HOLDER,
    Binding,
    Enrolment,
    KeyGrant,
    parse_enrolment,
    prove_possession,
)

_TERM: Final = 365 * 86_400
_WITH_ACCOUNT: Final = frozenset({"forum", "exchange", HOLDER})


@dataclass(frozen=True, slots=True)
class Members:
    """The organisations and the two people who enrol them."""

    registry: Registry
    keys: Keystore
    officer: str
    administrator: str

    def sm2(self, name: str) -> Sm2PrivateKey:
        """The SM2 key of the organisation that the demonstration calls `name`."""
        return self.keys.sm2(_key(name))

    def account(self, name: str) -> EthereumKey:
        """Its account on chain."""
        return self.keys.ethereum(f"{_key(name)}-account")

    def enrol(self, name: str, party: Party, roles: Sequence[str]) -> None:
        """Enrol an organisation with fresh keys, unless it is enrolled."""
        registry = self.registry
        with registry.store.reading() as session:
            if session.get(Organisation, party.code) is not None:
                return
        for key, kind in ((_key(name), Kind.SM2), (f"{_key(name)}-account", Kind.SECP256K1)):
            if key not in self.keys.names():
                self.keys.generate(key, kind)
        administrator = acting_as(registry, self.administrator)
        enrolment = self._enrolment(name, party, roles)
        enrol(registry, enrolment, acting_as(registry, self.officer), administrator=administrator)

    def _enrolment(self, name: str, party: Party, roles: Sequence[str]) -> Enrolment:
        key, now = self.sm2(name), self.registry.clock()
        grant = KeyGrant(party.code, key.public_key.point, now, now + _TERM)
        account = self.account(name) if _WITH_ACCOUNT & set(roles) else None
        address = None if account is None else account.address
        possession = prove_possession(grant, key, address)
        made = Enrolment(party, tuple(sorted(roles)), address, grant, possession, now)
        if HOLDER in roles and account is not None:
            approval = sign(entering(made), self.registry.client.holders_domain, account)
            made = replace(made, binding=Binding(key.sign(made.declaration()), approval))
        return parse_enrolment(made.to_json())


def _key(name: str) -> str:
    return f"demo-{name}"
