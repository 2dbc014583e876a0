"""The contracts as the ledger calls them: typed reads, and writes as `Call`s that a `Sender` signs."""

from collections.abc import Mapping

from web3 import Web3

from yinzheng.ledger.chain.approvals import PRESERVATION_NAME, Domain
from yinzheng.ledger.chain.approvals_holders import HOLDERS_NAME
from yinzheng.ledger.chain.approvals_moves import MOVES_NAME, STANDING_NAME
from yinzheng.ledger.chain.clients.anchor import AnchorCalls
from yinzheng.ledger.chain.clients.authority import AuthorityCalls
from yinzheng.ledger.chain.clients.consents import ConsentCalls
from yinzheng.ledger.chain.clients.holders import HolderCalls
from yinzheng.ledger.chain.clients.moves import MoveCalls
from yinzheng.ledger.chain.clients.preservation import PreservationCalls
from yinzheng.ledger.chain.clients.rights import RightsCalls
from yinzheng.ledger.chain.clients.standing import StandingCalls
from yinzheng.ledger.chain.deployment import Deployment
from yinzheng.ledger.chain.modules import Modules


class RegistryClient(AuthorityCalls, AnchorCalls, RightsCalls):
    """A deployment without modules: all there is while it is made."""

    def __init__(self, w3: Web3, deployment: Deployment) -> None:
        """Use `deployment` as given; `check_deployment` says whether it is on this chain."""
        super().__init__(w3, deployment.addresses)
        self.deployment = deployment

    @property
    def domain(self) -> Domain:
        """Where approvals for this deployment hold."""
        return Domain(self.deployment.chain_id, self.deployment.rights)


class ContractsClient(RegistryClient, ConsentCalls, PreservationCalls, HolderCalls, MoveCalls, StandingCalls):
    """A deployment with its modules."""

    def __init__(self, w3: Web3, deployment: Deployment, modules: Modules) -> None:
        """Use both as given; `check_deployment` and `check_modules` say whether they are on this chain."""
        super().__init__(w3, deployment)
        self._addresses = {**deployment.addresses, **modules.addresses}
        self.modules = modules

    @property
    def addresses(self) -> Mapping[str, bytes]:
        """Of every contract, 20 bytes, by its name in `CONTRACTS`."""
        return self._addresses

    @property
    def preservation_domain(self) -> Domain:
        """Where the signatures of forums and parties hold."""
        return Domain(self.deployment.chain_id, self.modules.preservation, PRESERVATION_NAME)

    @property
    def holders_domain(self) -> Domain:
        """Where the signatures of organisations about their accounts hold."""
        return Domain(self.deployment.chain_id, self.modules.holders, HOLDERS_NAME)

    @property
    def moves_domain(self) -> Domain:
        """Where the signatures under licences, transfers, changes and renewals hold."""
        return Domain(self.deployment.chain_id, self.modules.moves, MOVES_NAME)

    @property
    def standing_domain(self) -> Domain:
        """Where the signatures under remarks, conclusions, reservations and cancellations hold."""
        return Domain(self.deployment.chain_id, self.modules.standing, STANDING_NAME)
