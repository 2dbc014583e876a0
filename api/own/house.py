"""What the handlers of an organisation's own pages share: the desk, the door, and how a page is made."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeVar

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from yinzheng.api.http.fault_words import FAULTS
from yinzheng.api.http.language import Language, other
from yinzheng.api.http.limits import Limits
from yinzheng.api.http.memory import Memory
from yinzheng.api.org.calling import Client
from yinzheng.api.org.exchange import Exchange
from yinzheng.api.org.holding import Holder
from yinzheng.api.org.member import Member
from yinzheng.api.own.door import Door, Session
from yinzheng.api.own.words import PLACES
from yinzheng.api.web.look import Look, language_of
from yinzheng.api.web.words import say
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError
from yinzheng.verifier.formats.organisation import EXCHANGE
from yinzheng.verifier.judge.trust import TrustPolicy

T = TypeVar("T")

CASE: Final = re.compile(r"A-\d{4}-\d{6}")
"""References of cases."""

KEPT: Final = 200
"""Receipts without proofs that are kept until theirs can be had."""

_STATUS: Final[Mapping[str, HTTPStatus]] = {
    "pages-closed": HTTPStatus.FORBIDDEN,
    "pages-late": HTTPStatus.FORBIDDEN,
    "pages-form": HTTPStatus.FORBIDDEN,
    "pages-elsewhere": HTTPStatus.FORBIDDEN,
    "pages-host": HTTPStatus.MISDIRECTED_REQUEST,
    "not-found": HTTPStatus.NOT_FOUND,
    "method": HTTPStatus.METHOD_NOT_ALLOWED,
    "case-unknown": HTTPStatus.NOT_FOUND,
    "trade-check-unknown": HTTPStatus.NOT_FOUND,
    "too-large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
}


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a browser that was let in."""

    request: Request
    session: Session
    language: Language


class House:
    """One organisation's pages. Its keys sign what goes to the desk, and nothing of them is in any page."""

    def __init__(
        self, member: Member, desk: str, policy: TrustPolicy, clock: Callable[[], int], door: Door
    ) -> None:
        """Raises `UsageFault` `desk-address`."""
        self.member = member
        self.desk = desk
        self.policy = policy
        self.clock = clock
        self.door = door
        self.limits = Limits()
        self.memory = Memory(
            self.limits.bytes_in_flight, self.limits.small_in_flight, largest=self.limits.body_bytes
        )
        self.look = Look("yinzheng.api.own")
        self.holder = Holder(Client(member, desk, clock))
        self.exchange = Exchange(member, desk, clock)
        self.trades = EXCHANGE in member.profile.roles
        """Whether it asks about trades; then it is no holder (R47)."""
        self.unproved: OrderedDict[str, bytes] = OrderedDict()
        self.demonstration = False
        """Whether anything was shown that is a demonstration's: then its registry is one."""
        self._line = threading.Lock()

    async def ask(self, act: Callable[[], T]) -> T:
        """Have something asked of the desk, one thing after the other: a member's line is for one thread."""

        def alone() -> T:
            with self._line:
                return act()

        return await to_thread.run_sync(alone)

    async def listed(
        self, act: Callable[[], tuple[list[T], str | None]], error: YinzhengError | None
    ) -> tuple[list[T], str | None]:
        """A page of a list; nothing where `error` is to be told first, and this is not had either."""
        try:
            return await self.ask(act)
        except YinzhengError:
            if error is None:
                raise
            return [], None

    def keep(self, check: str, receipt: bytes) -> None:
        """Keep the receipt that came with an answer, until its proofs can be had."""
        self.unproved[check] = receipt
        while len(self.unproved) > KEPT:
            self.unproved.popitem(last=False)

    def visit(self, request: Request) -> Visit:
        """Who asks. Raises `UsageFault` `pages-closed`."""
        return Visit(request, self.door.session(request), language_of(request))

    def page(
        self,
        visit: Visit,
        template: str,
        *,
        status: int = HTTPStatus.OK,
        switch: str | None = None,
        demonstration: bool = False,
        error: YinzhengError | None = None,
        **values: Any,
    ) -> Response:
        """A page for a browser that was let in; what was posted is asked for anew at `switch`.

        `error`: why what was asked is not done, told above what the page shows, with the status it has.
        """
        self.demonstration = self.demonstration or demonstration
        own = {
            "base": self.door.place,
            "word": visit.session.word,
            "own": self.member.profile,
            "trades": self.trades,
            "desk": self.desk,
            "fault": None,
            "code": "",
        }
        if error is not None:
            status = status_of(error)
            own |= {"fault": self.told(error, visit.language), "code": error.code}
        return self.look.page(
            template,
            language=visit.language,
            switch=switch,
            status=status,
            demonstration=self.demonstration,
            policy=self.policy,
            **{**own, **values},
        )

    def told(self, error: YinzhengError, language: Language) -> tuple[str, str]:
        """An error in words; of one that has none in that language, its own, with the field it is about."""
        fault = FAULTS.get(error.code)
        if fault is None:
            place = str(error.data.get("path", "")).partition("[")[0]
            if place not in PLACES:
                return untold(error, language)
            name = say(PLACES[place], language)
            wrong = f"“{name}”填写不合要求。" if language == "zh" else f"{name}: this cannot be taken."
            return wrong, f"{error.message} {error.hint}".strip()
        file = error.data.get("file")  # a document of the request, by its name there
        missing = f"{file} · " if isinstance(file, str) else ""
        return say(fault.message, language), missing + say(fault.hint, language)

    def refuse(self, request: Request, error: YinzhengError) -> Response:
        """The page of an error. Whoever was not let in learns nothing of where the pages are."""
        language = language_of(request)
        message, hint = self.told(error, language)
        values: dict[str, Any] = {"message": message, "hint": hint, "code": error.code}
        status = status_of(error)
        try:
            visit = self.visit(request)
        except UsageFault:
            return self.look.page("own_closed.html", language=language, status=status, **values)
        if not request.url.path.startswith(self.door.place + "/") or error.code in ("pages-host",):
            return self.look.page("own_closed.html", language=language, status=status, **values)
        return self.page(visit, "own_problem.html", status=status, switch=self.home(language), **values)

    def home(self, language: Language) -> str:
        """The first page in the other language."""
        return f"{self.door.place}/?lang={other(language)}"


def untold(error: YinzhengError, language: Language) -> tuple[str, str]:
    """An error without words in that language: whose fault it is, then what was said of it, by whom."""
    said = f"{error.message} {error.hint}".strip()
    if error.data.get("desk"):
        refused = "登记机构的柜台没有接受。" if language == "zh" else "The registry’s desk did not accept it."
        return refused, f"柜台的原话：“{said}”" if language == "zh" else f"In the desk’s words: “{said}”"
    if language == "en":
        return error.message, error.hint
    if isinstance(error, DataFault):
        return "提供的内容不合要求。", f"程序说明：{said}"
    passing = isinstance(error, EnvironmentFault)
    return "暂时办不到，请稍后再试。" if passing else "这一步现在不能办理。", f"程序说明：{said}"


def no_case() -> UsageFault:
    """What is told of what is no case's reference."""
    return UsageFault("there is no such case", code="case-unknown", hint="Its form is A-2026-000001.")


def nothing() -> UsageFault:
    """What is told of an address where nothing is."""
    return UsageFault("there is nothing at this address", code="not-found", hint="Begin at the first page.")


def status_of(error: YinzhengError) -> HTTPStatus:
    """The status an error is answered with."""
    if error.code in _STATUS:
        return _STATUS[error.code]
    if isinstance(error, DataFault):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    if isinstance(error, EnvironmentFault):
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.BAD_REQUEST
