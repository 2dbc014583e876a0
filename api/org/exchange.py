"""An exchange's calls to a registry's desk, typed (S20.4, S20.5)."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final

from yinzheng.api.org.answers import (
    LEAF,
    LISTED,
    RESERVATION,
    another_answer,
    read,
    readable,
    require_answered,
    require_made,
    require_now,
    require_receipt,
)
from yinzheng.api.org.asking import sign_settlement
from yinzheng.api.org.calling import Client, FileBody
from yinzheng.api.org.member import Member
from yinzheng.api.org.registry import pinned
from yinzheng.api.org.walking import every
from yinzheng.ledger.cases.prepared import read_prepared
from yinzheng.ledger.certificates.messages import domain_of, message_of
from yinzheng.ledger.chain.approvals import sign
from yinzheng.ledger.consents.ndjson import is_blank
from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.bytes.canonical import dumps, nullable
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats import trade as trade_format
from yinzheng.verifier.formats.body import Party, check_number
from yinzheng.verifier.formats.move_request import JointRequest
from yinzheng.verifier.formats.order import Order, statement_of
from yinzheng.verifier.formats.reservation import Released, Reserved, seconds_of
from yinzheng.verifier.words import trade as words
from yinzheng.verifier.words.phrases import Language

NDJSON: Final = "application/x-ndjson"
TRIES: Final = 3
"""How often an order is made anew where something was recorded about the certificate meanwhile."""


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
        return self.answer == trade_format.ALLOW


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
    contract: str | None = None
    """Of the recorded contract that settled it, as its address has it: `/v1/trade-contracts/…`."""


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

    def __init__(
        self, member: Member, desk: str, clock: Callable[[], int] | None = None, language: Language = "en"
    ) -> None:
        """Use a member's keys; `open` finds them. `language` is that of the desk's words.

        Raises `UsageFault` `desk-address`.
        """
        self._member = member
        self._clock = clock or (lambda: int(time.time()))
        self._client = Client(member, desk, self._clock, language)

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
        """Ask about one trade (S20.1). The answer is read from its receipt, which has to be of this question.

        Raises what the desk answers, under its code; `DataFault`: `trade-answer-other`, `answer-malformed`.
        """
        since = self._clock()
        return self._answer(self._call("POST", "/v1/trade-checks", dumps(dict(trade))), trade, since)

    def check_all(self, trades: Iterable[Mapping[str, Any]]) -> Iterator[Answer | Lost]:
        """Ask about up to 10,000 trades in one request; answers in order, as they are read from the disk.

        Neither the questions nor the answers are held in memory. Raises as `check`.
        """
        with tempfile.TemporaryDirectory() as folder:
            asked, answered, since = Path(folder) / "asked", Path(folder) / "answered", self._clock()
            with asked.open("wb") as file:
                file.writelines(dumps(dict(trade)) + b"\n" for trade in trades)
            with answered.open("wb") as out:
                self.send_lines(asked, out)
            yield from self.read_lines(asked, answered, since)

    def send_lines(self, asked: Path, out: IO[bytes]) -> None:
        """Ask about the trades of a file, one a line; answers, one a line, are written as they come."""
        self._client.call("POST", "/v1/trade-checks", FileBody(b"", asked), NDJSON, into=out)

    def read_lines(self, asked: Path, answered: Path, since: int) -> Iterator[Answer | Lost]:
        """The answers that `send_lines` wrote, each held against its question, asked from `since` on.

        Raises `DataFault`: `trade-answer-other` (also where lines are missing), `answer-malformed`.
        """
        with asked.open("rb") as questions, answered.open("rb") as lines:
            for question, line in zip_longest((one for one in questions if not is_blank(one)), lines):
                if question is None or line is None:
                    raise another_answer()
                yield self._line(line, question, since)

    def receipt(self, check: str) -> bytes:
        """Fetch the receipt of a check with its proofs (S20.3), once the answer is anchored.

        Raises as `check`; `EnvironmentFault` `trade-check-unanchored`: ask again in a moment.
        """
        return require_receipt(self._client.call("GET", f"/v1/trade-checks/{check}").body, check)

    def checks(self, after: str | None = None) -> tuple[list[Listed], str | None]:
        """A page of what was asked, the newest first, and the check to go on after; None at the end."""
        answer = self._call("GET", "/v1/trade-checks" if after is None else f"/v1/trade-checks?after={after}")
        with readable():
            return [_listed(one) for one in answer["checks"]], nullable(LEAF)(answer["next"], "next")

    # ---------------------------------------------------------------- reservations

    def reserve(self, certificate: str, *, hours: float = 24, seconds: int | None = None) -> Reservation:
        """Keep a certificate for a trade, for at most 72 hours (R46), by this exchange's own signature.

        Where something else is recorded about the certificate meanwhile, the order is made anew. Raises what
        the desk answers; `UsageFault`: `account-elsewhere`, `registry-not-pinned`.
        """
        check_number(certificate, "certificate")
        length = seconds_of(hours) if seconds is None else seconds

        def body(now: int) -> Reserved:
            return Reserved(certificate, now + length, self._party, now)

        return _reservation(self._order(certificate, body, "/v1/reservations"))

    def release(self, reservation: Reservation | str, certificate: str | None = None) -> Reservation:
        """Let a certificate go before its time: that `certificate`, where it is named.

        Which one it is says the statement whose leaf hash is the reservation's name. Raises as `reserve`;
        `DataFault`: `answer-malformed`, `trade-answer-other`.
        """
        if isinstance(reservation, str):
            kept = self.reservation(reservation)
        else:
            kept = self.reservation(reservation.reservation)
            certificate = certificate or reservation.certificate
        if certificate is not None and kept.certificate != certificate:
            raise another_answer()

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
        request rests on. Raises what the desk answers; as `sign_settlement`; `UsageFault`:
        `nothing-prepared`, `reservation-over`.
        """
        leaf = reservation if isinstance(reservation, str) else reservation.reservation
        try:
            prepared = self._call("GET", f"/org/v1/requests/{case}")["prepared"]
        except UsageFault as fault:
            if fault.code == "case-unknown":  # also once it is settled, and to who reserved nothing
                self._require_standing(leaf)
            raise
        if prepared is None:
            self._require_standing(leaf)
            raise UsageFault(
                "nothing of this case waits for a signature", code="nothing-prepared", hint="Ask again later."
            )
        policy = pinned(self._member.folder)
        signature = sign_settlement(read_prepared(prepared), request, self._member, policy)
        body = dumps({"case": case, "contract": contract.to_json(), "signature": signature.hex()})
        told = self._call("POST", f"/v1/reservations/{leaf}/settle", body)
        return Settlement(_reservation(told), told["case"], tuple(told["numbers"]))

    def reservation(self, reservation: str) -> Reservation:
        """How a reservation stands. Raises `DataFault`: `answer-malformed`, `trade-answer-other`."""
        answer = self._call("GET", f"/v1/reservations/{reservation}")
        found = _reservation(answer)
        made = require_made(answer)
        told = {made.statement.leaf_hash.hex(), found.reservation}
        said = (made.body.certificate, made.body.until, made.body.by.code)
        if told != {reservation} or said != (found.certificate, found.until, self._member.profile.code):
            raise another_answer()
        return found

    def reservations(self) -> list[Reservation]:
        """All of this exchange's reservations, the newest first. Raises `DataFault` `list-endless`."""
        return every(self.reservations_page)

    def reservations_page(self, after: str | None = None) -> tuple[list[Reservation], str | None]:
        """A page of them, and the one to go on after; None at the end."""
        answer = self._call("GET", "/v1/reservations" if after is None else f"/v1/reservations?after={after}")
        with readable():
            kept = [_reservation(one) for one in answer["reservations"]]
            return kept, nullable(LEAF)(answer["next"], "next")

    # ---------------------------------------------------------------- inside

    def _require_standing(self, reservation: str) -> None:
        kept = self.reservation(reservation)
        if kept.settled is not None or kept.state not in ("requested", "reserved"):
            raise UsageFault(
                f"this reservation settles nothing: it is {kept.state}",
                code="reservation-over",
                hint="Where the parties still want the trade, check and reserve anew.",
            )

    @property
    def _party(self) -> Party:
        return Party(self._member.profile.name, self._member.profile.code)

    def _order(
        self, certificate: str, body: Callable[[int], Reserved | Released], path: str
    ) -> dict[str, Any]:
        domain, key = domain_of(pinned(self._member.folder)), self._member.account_key()
        for attempt in range(TRIES):
            standing = self._call("GET", f"/org/v1/certificates/{certificate}")
            with readable():
                profile, head = standing["profile"], bytes.fromhex(standing["head"])
            said = body(require_now(standing["now"], self._clock()))
            statement = statement_of(said, profile=profile, prev=head, by="exchange")
            signature = sign(message_of(said, statement.leaf_hash), domain, key)
            try:
                told = self._call("POST", path, dumps(Order(statement, said, signature).to_json()))
            except UsageFault as fault:
                if fault.code != "order-moved" or attempt == TRIES - 1:
                    raise
                continue
            leaf = said.reservation if isinstance(said, Released) else statement.leaf_hash
            if (told.get("reservation"), told.get("certificate")) != (leaf.hex(), certificate):
                raise another_answer()
            return told
        raise AssertionError  # the last attempt has returned or raised

    def _call(self, method: str, path: str, body: bytes = b"") -> dict[str, Any]:
        answer = self._client.call(method, path, body).json()
        with readable():
            return {**answer}

    def _answer(self, value: Mapping[str, Any], trade: Mapping[str, Any], since: int) -> Answer:
        """The answer as its receipt has it, in words of our own."""
        receipt = require_answered(value, trade, self._member.profile.code, since, self._clock())
        body = receipt.body
        return Answer(
            check=receipt.statement.leaf_hash.hex(),
            answer=body.answer,
            reasons=tuple(_reason(one) for one in body.reasons),
            obligations=tuple(_obligation(one) for one in body.obligations),
            block=body.block.to_json(),
            checked_at=body.checked_at,
            receipt=value["receipt"],
        )

    def _line(self, line: bytes, question: bytes, since: int) -> Answer | Lost:
        with readable():
            value = json.loads(line)
            if "answer" not in value:
                return Lost(value["line"], value["code"], value["detail"])
            trade = json.loads(question)
        return self._answer(value, trade, since)


def _listed(value: Mapping[str, Any]) -> Listed:
    parties = {side: value[side]["name"] for side in ("seller", "buyer")}
    return Listed(**read({**value, **parties}, LISTED))


def _reservation(value: Mapping[str, Any]) -> Reservation:
    return Reservation(**read(value, RESERVATION))


def _reason(one: trade_format.Reason) -> Reason:
    told, meaning = words.said_of(one), one.meaning
    return Reason(one.code, meaning.obligation, meaning.rule, one.about, told.zh, told.en)


def _obligation(one: trade_format.Settled) -> Obligation:
    told = words.CHECKED[one.name]
    return Obligation(one.name, trade_format.OBLIGATIONS[one.name], one.outcome, told.zh, told.en)
