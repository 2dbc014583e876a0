"""The exchange's report on a trade settles it (R46, S20.6): with both parties' signatures it is the move.

Licensor and licensee, or transferor and transferee, have signed what the registry prepared; the exchange that
reserved the certificate reports by which contract they trade, and signs the same message. Report and move are
one step: the report is taken in the transaction that records the move, or not at all. A contract that is
recorded here is told of it in its own thread (R56).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import select

from yinzheng.ledger.cases.asked import request_of
from yinzheng.ledger.cases.deciders import Prepared
from yinzheng.ledger.cases.issuing import Issued, sign_in, standing
from yinzheng.ledger.cases.showing import one_answer, unknown_case
from yinzheng.ledger.cases.work import CaseThread, work_on
from yinzheng.ledger.certificates.reserving import State, is_settling, own, settled_by, stands_of
from yinzheng.ledger.chain.approvals import recover
from yinzheng.ledger.organisations.keys import require
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.case_types import CaseType
from yinzheng.ledger.rules.contracts import OPEN
from yinzheng.ledger.rules.contracts import State as Contracted
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.rules.trade_contract import last_day
from yinzheng.ledger.store.models_trades import Reservation
from yinzheng.ledger.store.models_trades import TradeContract as Row
from yinzheng.ledger.trades.contracts import said_of, write_settled
from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.move_request import MoveRequest
from yinzheng.verifier.formats.trade import SHARE, TRANSFER

_MADE_BY: Final[Mapping[CaseType, tuple[str, str, str]]] = {
    CaseType.LICENCE: (SHARE, "licensor", "licensee"),
    CaseType.TRANSFER: (TRANSFER, "transferor", "transferee"),
}
"""Which kind of contract leads to a move, and who seller and buyer are in it (R45)."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an exchange reports of a trade that it kept a certificate for."""

    case: str
    """Reference of the move that the parties asked for."""
    contract: DigestPair
    """Of the contract about data (S21.7), or of the file that the request names as its consideration."""
    signature: bytes
    """65 bytes: the exchange's account under what is prepared, which names it."""


def settle_trade(registry: Registry, reservation: bytes, report: Report, exchange: str) -> Issued:
    """Have a trade settled by the exchange whose reservation stands; gives the numbers of what follows.

    Nothing is recorded where it is refused. Raises `UsageFault`: `organisation-role`, `reservation-unknown`
    (also of others'), `reservation-over` (it does not stand, or settled a trade), `case-unknown` (also of
    other certificates), `settlement-kind`, `settlement-contract`, `settlement-parties`, `contract-settled`
    (it settled a trade before), `settlement-prepared`, `settlement-unsigned` (a party has not signed), and as
    `issuing.sign`; `DataFault`: `signer-not-holder`, and what the contracts say.
    """
    with registry.store.reading() as session:
        require(session, exchange, Role.EXCHANGE)
        own(session, reservation, exchange)  # before anything is said about cases
    with one_answer(), work_on(registry, report.case) as work:
        row = own(work.session, reservation, exchange)
        if work.case.certificate != row.certificate:
            raise unknown_case()
        _require_standing(work, row)
        if work.kind not in _MADE_BY:
            raise UsageFault(
                "a trade is settled by a licence or a transfer",
                code="settlement-kind",
                hint="Check the case.",
            )
        contract = _require_contract(work, report.contract)
        _require_unsettled(work, row.certificate, report.contract)
        prepared = _require_signed(work, row, report.signature)
        issued = sign_in(work, exchange, report.signature)
        if issued.missing:
            raise UsageFault(
                f"the parties sign first; still to sign: {', '.join(issued.missing)}",
                code="settlement-unsigned",
                hint="Report again when they have; nothing was recorded.",
            )
        row.contract = report.contract.sha256
        work.session.add(row)
        if contract is not None:
            move = prepared.decision.statement.leaf_hash
            write_settled(registry, work.session, contract, row.leaf, move, exchange)
        return issued


def _require_standing(work: CaseThread, row: Reservation) -> None:
    state = stands_of(work.registry, work.session, row)
    if is_settling(work.session, row):
        state = State.CONSUMED
    if state is not State.RESERVED:
        raise UsageFault(
            f"this reservation settles nothing: it is {state}",
            code="reservation-over",
            hint="Where the parties still want the trade, check and reserve anew.",
            state=state.value,
        )


def _require_signed(work: CaseThread, row: Reservation, signature: bytes) -> Prepared:
    """What is prepared names the account that reserved, and that signed it. Raises as `settle_trade`."""
    prepared = standing(work)
    if row.account not in [one.account for one in prepared.signers if one.capacity is Capacity.EXCHANGE]:
        raise UsageFault(
            "what is prepared waits for no exchange, or for another",
            code="settlement-prepared",
            hint="Have the registry prepare it anew: `yinzheng issue`.",
        )
    if recover(prepared.message, prepared.domain, signature) != row.account:
        raise DataFault(
            "the account that reserved the certificate did not sign this",
            code="signer-not-holder",
            hint="Sign what is prepared now: `yinzheng org trade settle`.",
        )
    return prepared


def _require_contract(work: CaseThread, digest: DigestPair) -> Row | None:
    """The contract is the trade's: recorded here between these parties, or the request's own paper (None)."""
    request: MoveRequest = request_of(work).request
    query = select(Row).where(Row.digest == digest.sha256)
    row = work.session.exec(query).first()
    if row is None:
        papers = (one.digest for one in request.documents if one.role == "consideration")
        if not any(one.matches(digest) for one in papers):
            raise UsageFault(
                "this is neither the paper that the request rests on, nor a contract recorded here",
                code="settlement-contract",
                hint="Name the digest of the contract that the parties signed.",
            )
        return None
    kind, seller, buyer = _MADE_BY[work.kind]
    if (row.seller, row.buyer) != (request.party(seller).code, request.party(buyer).code):
        raise UsageFault(
            "the contract is between others than the move",
            code="settlement-parties",
            hint="Seller and buyer ask for the move themselves.",
        )
    if differs := _differences(work, row, digest, request.terms, kind):
        raise UsageFault(
            f"the move is not what the contract says: {', '.join(differs)}",
            code="settlement-contract",
            hint="Have the parties ask for what they agreed to.",
            differs=differs,
        )
    return row


def _require_unsettled(work: CaseThread, certificate: str, contract: DigestPair) -> None:
    """One contract settles one trade of a certificate, whoever reserved it for that (R46, R56)."""
    if settled_by(work.session, certificate, contract.sha256):
        raise UsageFault(
            "a trade in this certificate is settled by this contract already",
            code="contract-settled",
            hint="For another trade the parties sign another contract.",
        )


def _differences(work: CaseThread, row: Row, digest: DigestPair, terms: Any, kind: str) -> list[str]:
    contract = said_of(work.registry, work.session, row)
    clauses = contract.clauses
    same = {
        "digest": contract.digest.matches(digest),
        "certificate": row.number == work.case.certificate,
        "kind": row.kind == kind,
        "state": Contracted(row.state) in OPEN,
        "rights": contract.rights == terms.rights,
    }
    if kind == SHARE:
        alone = clauses.exclusive
        same |= {
            "acts": set(terms.acts) <= set(contract.manner),
            "purposes": terms.purposes == contract.purpose,
            "exclusive": not terms.exclusive
            or (
                alone is not None
                and set(terms.territory) <= set(alone.territory)
                and set(terms.acts) <= set(alone.acts)
            ),
            "term": terms.ends <= last_day(contract, work.now, terms.ends),
        }
    return [name for name, holds in same.items() if not holds]
