"""A holder's calls to a registry's desk, typed (S15.9, S15.11)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from yinzheng.api.org.answers import INSTANT, OBJECTED, REQUESTED, another_answer, read, readable
from yinzheng.api.org.calling import Client
from yinzheng.ledger.rules.terms import RemarkKind
from yinzheng.verifier.bytes.canonical import boolean, dumps, integer, list_of, nullable, one_of, read_object
from yinzheng.verifier.formats.body import Body, check_plain, parse_body
from yinzheng.verifier.formats.licence import Licence, parse_licence
from yinzheng.verifier.formats.move_request import JointRequest, read_joint_request
from yinzheng.verifier.judge.licence.status import LicenceStatus
from yinzheng.verifier.judge.report import Status

REQUESTS: Final = "/org/v1/requests"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate with the rights under it of whoever asks."""

    body: Body
    rights: tuple[str, ...]
    status: Status
    objections: int
    """Open ones."""
    reserved_until: int | None
    remarks: Sequence[Mapping[str, Any]]
    """As S15.8 has them."""
    licences: tuple[str, ...]
    """Numbers of the newest on these rights."""
    more_licences: bool
    """Whether there may be older ones: `licences` lists them."""


@dataclass(frozen=True, slots=True)
class Licensed:
    """A licence that whoever asks gave or took."""

    body: Licence
    status: LicenceStatus
    ended_at: int | None


@dataclass(frozen=True, slots=True)
class Requested:
    """A move that concerns whoever asks."""

    case: str
    type: str
    certificate: str
    state: str
    changed_at: int
    missing: tuple[str, ...] = ()
    """Who is still to approve: a capacity, and an organisation's credit code."""
    prepared: Mapping[str, Any] | None = None
    """What is to be signed (S16.9), of one that was asked for by its reference."""
    asked: JointRequest | None = None
    """What its parties signed, for them alone; likewise."""


@dataclass(frozen=True, slots=True)
class Objected:
    """An open objection to a certificate of ours (R25)."""

    objection: str
    """64 hex."""
    raised_at: int
    answered_at: int | None
    reasons: str


@dataclass(frozen=True, slots=True)
class Approved:
    """What came of a signature."""

    numbers: tuple[str, ...]
    """Of certificates, or of a licence, once all have signed."""
    missing: tuple[str, ...]


class Holder:
    """Calls one registry's desk in the name of a holder. Safe for one thread at a time."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def rights(self, after: str | None = None) -> tuple[list[Held], str | None]:
        """A page of what is registered to it, the newest first, and the number to go on after."""
        return self._page("/org/v1/rights", "rights", after, _held)

    def licences(self, after: str | None = None) -> tuple[list[Licensed], str | None]:
        """A page of the licences it gave or took, the newest first, and the number to go on after."""
        return self._page("/org/v1/licences", "licences", after, _licensed)

    def requests(self, after: str | None = None) -> tuple[list[Requested], str | None]:
        """The moves that concern it, the newest first, as `rights`."""
        return self._page(REQUESTS, "requests", after, _requested)

    def request(self, case: str) -> Requested:
        """One of them, with what is asked and what is to be signed. Raises what the desk answers."""
        answer = self._get(f"{REQUESTS}/{case}")
        with readable():
            found = _requested(answer)
        if found.case != case:
            raise another_answer()
        return found

    def objections(self, number: str, after: str | None = None) -> tuple[list[Objected], str | None]:
        """The open objections to a certificate of ours, with their reasons, the newest first, as `rights`."""
        return self._page(_objections(number), "objections", after, _objected)

    def answer(self, number: str, objection: str, *, agrees: bool, explanation: str) -> None:
        """Agree to an objection, or explain; once. Nothing moves by it: an agreement is carried out by a
        change or cancellation, which its holders sign (R25).
        """
        body = dumps({"agrees": agrees, "explanation": explanation})
        self._client.call("POST", f"{_objections(number)}/{objection}", body)

    def submit(self, body: bytes) -> str:
        """Hand in a joint request with its documents (`asking.to_send`); the case's reference."""
        return str(self._client.call("POST", REQUESTS, body).json()["case"])

    def approve(self, case: str, signature: bytes) -> Approved:
        """Hand in an account's signature (65 bytes) under what is prepared."""
        body = dumps({"signature": signature.hex()})
        answer = self._client.call("POST", f"{REQUESTS}/{case}/approval", body).json()
        return Approved(tuple(answer["numbers"]), tuple(answer["missing"]))

    def _page(
        self, path: str, name: str, after: str | None, shown: Callable[[Mapping[str, Any]], T]
    ) -> tuple[list[T], str | None]:
        answer = self._get(path if after is None else f"{path}?after={after}")
        with readable():
            return [shown(one) for one in answer[name]], nullable(check_plain(1, 64))(answer["next"], "next")

    def _get(self, path: str) -> Any:
        return self._client.call("GET", path).json()


def _objections(number: str) -> str:
    return f"/org/v1/certificates/{number}/objections"


def _held(value: Mapping[str, Any]) -> Held:
    return Held(
        body=parse_body(value["body"]),
        rights=tuple(_PLAINS(value["rights"], "rights")),
        status=Status(value["status"]),
        objections=integer()(value["objections"], "objections"),
        reserved_until=nullable(INSTANT)(value["reserved_until"], "reserved_until"),
        remarks=[_remark(one) for one in value["remarks"]],
        licences=tuple(_PLAINS(value["licences"], "licences")),
        more_licences=boolean(value["more_licences"], "more_licences"),
    )


def _remark(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is shown of it."""
    return {**value, **read_object({name: value[name] for name in _REMARK}, _REMARK, "remark")}


def _objected(value: Mapping[str, Any]) -> Objected:
    return Objected(**read(value, OBJECTED))


def _licensed(value: Mapping[str, Any]) -> Licensed:
    ended = nullable(INSTANT)(value["ended_at"], "ended_at")
    return Licensed(parse_licence(value["body"]), LicenceStatus(value["status"]), ended)


def _requested(value: Mapping[str, Any]) -> Requested:
    asked = value.get("asked")
    found = read(value, REQUESTED)
    found["missing"] = tuple(found["missing"])
    return Requested(**found, asked=None if asked is None else read_joint_request(asked))


_PLAINS: Final = list_of(check_plain(1, 40), 0, 10_000)
_REMARK: Final[dict[str, Any]] = {
    "kind": one_of(*(kind.value for kind in RemarkKind)),
    "text": nullable(check_plain(0, 4000)),
    "reference": nullable(check_plain(0, 400)),
    "lifted_at": nullable(INSTANT),
}
