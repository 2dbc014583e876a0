"""An exchange's calls to a registry's desk, typed (S20.4, S20.5)."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final

from yinzheng.api.org.asking import sign_settlement
from yinzheng.api.org.calling import Client, FileBody
from yinzheng.api.org.member import Member
from yinzheng.api.org.registry import pinned
from yinzheng.ledger.cases.prepared import read_prepared
from yinzheng.ledger.certificates.messages import domain_of, message_of
from yinzheng.ledger.chain.approvals import sign
from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import Party, check_number
from yinzheng.verifier.formats.move_request import JointRequest
from yinzheng.verifier.formats.order import Order, statement_of
from yinzheng.verifier.formats.reservation import Released, Reserved
from yinzheng.verifier.formats.trade import ALLOW

NDJSON: Final = "application/x-ndjson"
TRIES: Final = 3
"""How often an order is made anew where something was recorded about the certificate meanwhile."""
HOUR: Final = 3600


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a trade is refused or left to a person."""

    code: str
    obligation: str
    rule: str
    about: str | None
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Obligation:
    """What was looked at, and what became of it: `met`, `declared`, `unmet` or `open`."""

    name: str
    rule: str
    outcome: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the registry answered about a trade."""

    check: str
    """Leaf hash of its statement, 64 hex: by it the receipt is fetched."""
    answer: str
    """`allow`, `needs_person` or `refuse`."""
    reasons: tuple[Reason, ...]
    obligations: tuple[Obligation, ...]
    block: Mapping[str, Any]
    """Number, hash and time of the block it speaks of."""
    checked_at: int
    receipt: Mapping[str, Any]
    """S20.3, its proofs still null."""

    @property
    def allowed(self) -> bool:
        """Whether the trade may go ahead."""
        return self.answer == ALLOW


@dataclass(frozen=True, slots=True)
class Lost:
    """A line of a batch that was not answered."""

    line: int
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Reservation:
    """A certificate kept for a trade."""

    reservation: str
    """Leaf hash of its statement, 64 hex."""
    certificate: str
    until: int
    made_at: int
    state: str
    """`requested`, `reserved`, `released`, `lapsed`, `consumed` or `refused`."""
    settled: str | None = None
    """Leaf hash of the licence, or of the buyer's certificate, that settled it."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """A trade that is settled: recorded, and on its way to the chain."""

    reservation: Reservation
    case: str
    numbers: tuple[str, ...]
    """Of the licence, or of the certificates that follow."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A check that was asked, as the list of them has it."""

    check: str
    certificate: str | None
    """Its number; None where there was no such certificate."""
    answer: str
    kind: str
    seller: str
    """Name, as it was asked."""
    buyer: str
    checked_at: int
    anchored: bool
    """Whether the receipt can be had with its proofs."""


class Exchange:
    """Calls one registry's desk in the name of an exchange. Safe for one thread at a time."""

    def __init__(self, member: Member, desk: str, clock: Callable[[], int] | None = None) -> None:
        """Use a member's keys; `open` finds them. Raises `UsageFault` `desk-address`."""
        self._member = member
        self._client = Client(member, desk, clock or (lambda: int(time.time())))

    @classmethod
    def open(cls, folder: Path | str, desk: str, environment: Mapping[str, str] | None = None) -> Exchange:
        """Open the organisation's folder, as `yinzheng org` does. Raises as `Member.open`."""
        return cls(Member.open(Path(folder), os.environ if environment is None else environment), desk)

    def __enter__(self) -> Exchange:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held open between calls."""

    # ---------------------------------------------------------------- checks

    def check(self, trade: Mapping[str, Any]) -> Answer:
        """Ask about one trade (S20.1). Raises what the desk answers, under its code."""
        return _answer(self._call("POST", "/v1/trade-checks", dumps(dict(trade))))

    def check_all(self, trades: Iterable[Mapping[str, Any]]) -> Iterator[Answer | Lost]:
        """Ask about up to 10,000 trades in one request; answers in order, as they are read from the disk.

        Neither the questions nor the answers are held in memory. Raises as `check`.
        """
        with tempfile.TemporaryDirectory() as folder:
            asked, answered = Path(folder) / "asked", Path(folder) / "answered"
            with asked.open("wb") as file:
                file.writelines(dumps(dict(trade)) + b"\n" for trade in trades)
            with answered.open("wb") as out:
                self.send_lines(asked, out)
            with answered.open("rb") as lines:
                for line in lines:
                    yield _line(json.loads(line))

    def send_lines(self, asked: Path, out: IO[bytes]) -> None:
        """Ask about the trades of a file, one a line; answers, one a line, are written as they come."""
        self._client.call("POST", "/v1/trade-checks", FileBody(b"", asked), NDJSON, into=out)

    def receipt(self, check: str) -> bytes:
        """Fetch the receipt of a check with its proofs (S20.3), once the answer is anchored.

        Raises as `check`; `EnvironmentFault` `trade-check-unanchored`: ask again in a moment.
        """
        return self._client.call("GET", f"/v1/trade-checks/{check}").body

    def checks(self, after: str | None = None) -> tuple[list[Listed], str | None]:
        """A page of what was asked, the newest first, and the check to go on after; None at the end."""
        answer = self._call("GET", "/v1/trade-checks" if after is None else f"/v1/trade-checks?after={after}")
        return [_listed(one) for one in answer["checks"]], answer["next"]

    # ---------------------------------------------------------------- reservations

    def reserve(self, certificate: str, *, hours: float = 24, seconds: int | None = None) -> Reservation:
        """Keep a certificate for a trade, for at most 72 hours (R46), by this exchange's own signature.

        Where something else is recorded about the certificate meanwhile, the order is made anew. Raises what
        the desk answers; `UsageFault`: `account-elsewhere`, `registry-not-pinned`.
        """
        check_number(certificate, "certificate")
        length = int(hours * HOUR) if seconds is None else seconds

        def body(now: int) -> Reserved:
            return Reserved(certificate, now + length, self._party, now)

        return _reservation(self._order(certificate, body, "/v1/reservations"))

    def release(self, reservation: Reservation | str) -> Reservation:
        """Let a certificate go before its time. Raises as `reserve`."""
        kept = self.reservation(reservation) if isinstance(reservation, str) else reservation

        def body(now: int) -> Released:
            return Released(kept.certificate, bytes.fromhex(kept.reservation), self._party, now)

        path = f"/v1/reservations/{kept.reservation}/release"
        return _reservation(self._order(kept.certificate, body, path))

    def settle(
        self, reservation: Reservation | str, case: str, request: JointRequest, contract: DigestPair
    ) -> Settlement:
        """Report a trade that this exchange kept a certificate for: that registers it, in one step (S20.6).

        The parties have signed already. `request` is what they asked for, with which what the registry
        prepared is compared. `contract` is the digest of the contract about data, or of the paper that the
        request rests on. Raises what the desk answers; as `sign_settlement`; `UsageFault` `nothing-prepared`.
        """
        leaf = reservation if isinstance(reservation, str) else reservation.reservation
        prepared = self._call("GET", f"/org/v1/requests/{case}")["prepared"]
        if prepared is None:
            raise UsageFault(
                "nothing of this case waits for a signature", code="nothing-prepared", hint="Ask again later."
            )
        policy = pinned(self._member.folder)
        signature = sign_settlement(read_prepared(prepared), request, self._member, policy)
        body = dumps({"case": case, "contract": contract.to_json(), "signature": signature.hex()})
        told = self._call("POST", f"/v1/reservations/{leaf}/settle", body)
        return Settlement(_reservation(told), told["case"], tuple(told["numbers"]))

    def reservation(self, reservation: str) -> Reservation:
        """How a reservation stands."""
        return _reservation(self._call("GET", f"/v1/reservations/{reservation}"))

    def reservations(self) -> list[Reservation]:
        """This exchange's reservations, the newest first."""
        return [_reservation(one) for one in self._call("GET", "/v1/reservations")["reservations"]]

    # ---------------------------------------------------------------- inside

    @property
    def _party(self) -> Party:
        return Party(self._member.profile.name, self._member.profile.code)

    def _order(
        self, certificate: str, body: Callable[[int], Reserved | Released], path: str
    ) -> dict[str, Any]:
        domain, key = domain_of(pinned(self._member.folder)), self._member.account_key()
        for attempt in range(TRIES):
            standing = self._call("GET", f"/org/v1/certificates/{certificate}")
            said = body(standing["now"])
            statement = statement_of(
                said, profile=standing["profile"], prev=bytes.fromhex(standing["head"]), by="exchange"
            )
            signature = sign(message_of(said, statement.leaf_hash), domain, key)
            try:
                return self._call("POST", path, dumps(Order(statement, said, signature).to_json()))
            except UsageFault as fault:
                if fault.code != "order-moved" or attempt == TRIES - 1:
                    raise
        raise AssertionError  # the last attempt has returned or raised

    def _call(self, method: str, path: str, body: bytes = b"") -> dict[str, Any]:
        answer: dict[str, Any] = self._client.call(method, path, body).json()
        return answer


def _answer(value: Mapping[str, Any]) -> Answer:
    return Answer(
        check=value["check"],
        answer=value["answer"],
        reasons=tuple(Reason(**{name: one[name] for name in Reason.__slots__}) for one in value["reasons"]),
        obligations=tuple(
            Obligation(**{name: one[name] for name in Obligation.__slots__}) for one in value["obligations"]
        ),
        block=value["block"],
        checked_at=value["checked_at"],
        receipt=value["receipt"],
    )


def _listed(value: Mapping[str, Any]) -> Listed:
    parties = {side: value[side]["name"] for side in ("seller", "buyer")}
    return Listed(**{name: parties.get(name, value[name]) for name in Listed.__slots__})


def _line(value: Mapping[str, Any]) -> Answer | Lost:
    if "answer" in value:
        return _answer(value)
    return Lost(value["line"], value["code"], value["detail"])


def _reservation(value: Mapping[str, Any]) -> Reservation:
    return Reservation(**{name: value[name] for name in Reservation.__slots__})
