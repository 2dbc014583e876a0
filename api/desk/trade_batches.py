"""Ten thousand trade checks in one request: lines in, lines out, in order, never whole in memory (S20.4).

The questions are kept on the disk, without a name, until they are answered: their digest was signed, and
nothing is answered before it is known that they are what was signed. Answers leave as they are made.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import islice
from typing import IO, Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from yinzheng.api.desk.bodies import MAX_LINE, NDJSON
from yinzheng.api.desk.problems import problem_of, worded
from yinzheng.api.desk.quotas import MAX_CHECKS
from yinzheng.api.desk.server import Desk, other_body
from yinzheng.api.http.limits import MIB
from yinzheng.api.http.reading import check_length
from yinzheng.ledger.consents.ndjson import content, is_blank
from yinzheng.ledger.organisations.keys import require
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.organisations import Role
from yinzheng.ledger.trades.certificates import require_form
from yinzheng.ledger.trades.checking import Answered, Asked, check_trades
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import PairHasher
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError
from yinzheng.verifier.formats.request import Request as Signed
from yinzheng.verifier.formats.trade import parse_trade

MAX_BATCH: Final = 128 * MIB
"""Bytes of a batch."""
TOGETHER: Final = 100
"""Checks of one transaction: others wait for the writer no longer than that takes."""
AT_ONCE: Final = 4
"""Batches at the same time; of one organisation, one."""
SLOWEST: Final = 128 * 1024
"""Bytes a second a sender must reach on the whole, after a minute to begin with."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a batch: what is asked, or why it is nothing that can be."""

    number: int
    asked: Asked | None
    fault: YinzhengError | None = None


Write = Callable[[Answered], bytes]
"""Puts an answer as the desk tells it, a JSON object."""


class BatchResponse(StreamingResponse):
    """Answers as lines; what a batch holds is given back however it ends, begun or not."""

    def __init__(self, lines: AsyncIterator[bytes], end: Callable[[], None]) -> None:
        super().__init__(lines, HTTPStatus.CREATED, media_type=NDJSON)
        self._end = end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._end()


@dataclass(eq=False)
class Batches:
    """Answers batches, a few at a time."""

    desk: Desk
    write: Write
    _busy: set[str] = field(default_factory=set)

    async def answer(self, request: Request) -> BatchResponse:
        """The answers to a batch, once it is read; made as they are sent.

        Raises `UsageFault`: `organisation-role`, `rate-limited`, `too-large`, `batch-lines`, `body-slow`;
        `DataFault`: `request-…`; `EnvironmentFault` `server-busy`.
        """
        check_length(request, MAX_BATCH)
        signed = await self.desk.asked(request)
        self.desk.quotas.may_check(signed.org)
        folder = await self.desk.do(lambda registry: _folder(registry, signed.org))
        self._take_place(signed.org)
        try:
            file = await self._kept(request, signed, folder)
        except BaseException:
            self._busy.discard(signed.org)
            raise

        def end() -> None:
            file.close()
            self._busy.discard(signed.org)

        return BatchResponse(self._made(file, signed, request.headers), end)

    def _take_place(self, org: str) -> None:
        if org in self._busy:
            raise UsageFault(
                "a batch of this organisation is being answered",
                code="rate-limited",
                hint="Send one after the other; sign each again.",
                retry_after=10,
            )
        if len(self._busy) >= AT_ONCE:
            raise EnvironmentFault("too many batches at once", code="server-busy", retry_after=10)
        self._busy.add(org)

    async def _kept(self, request: Request, signed: Signed, folder: str) -> IO[bytes]:
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed when it is answered
        hasher, counted = PairHasher(), _Bounds()
        length = int(request.headers.get("content-length") or 0)
        try:
            async with asyncio.timeout(60 + length / SLOWEST):
                async for piece in request.stream():
                    counted.take(piece)
                    hasher.update(piece)
                    await run_in_threadpool(file.write, piece)
            _require_signed(hasher, signed)
            self.desk.quotas.check(signed.org, counted.checks)
            file.seek(0)
        except TimeoutError:
            file.close()
            raise UsageFault("sending took too long", code="body-slow", hint="Send it again.") from None
        except ClientDisconnect:
            file.close()
            raise UsageFault("the client went away", code="json-malformed") from None
        except BaseException:
            file.close()
            raise
        return file

    async def _made(self, file: IO[bytes], signed: Signed, headers: Headers) -> AsyncIterator[bytes]:
        lines = _lines(file, signed)
        while some := await run_in_threadpool(_next, lines):
            answered = await self._answered(some, signed.org)
            yield await run_in_threadpool(self._written, answered, headers)

    def _written(self, answered: list[tuple[_Line, Answered | None]], headers: Headers) -> bytes:
        return b"".join(
            _lost(line, headers)
            if answer is None
            else b'{"line":%d,%b\n' % (line.number, self.write(answer).removeprefix(b"{"))
            for line, answer in answered
        )

    async def _answered(self, lines: list[_Line], org: str) -> list[tuple[_Line, Answered | None]]:
        """Each line's answer; of what is found only in answering to be no certificate, the fault.

        Who has guessed too many numbers is answered no more.
        """
        try:
            self.desk.quotas.may_guess(org)
        except UsageFault as fault:
            return [(_Line(line.number, None, line.fault or fault), None) for line in lines]
        asked = [line.asked for line in lines if line.asked is not None]
        try:
            made = await self._ask(asked, org)
        except DataFault as fault:
            if len(lines) == 1:
                return [(_Line(lines[0].number, None, fault), None)]
            return [found for line in lines for found in await self._answered([line], org)]
        answers = iter(made)
        return [(line, None if line.asked is None else next(answers)) for line in lines]

    async def _ask(self, asked: list[Asked], org: str) -> list[Answered]:
        if not asked:
            return []

        def count(made: list[Answered]) -> None:
            self.desk.quotas.missed(org, sum(one.guessed for one in made))

        return await self.desk.do_together(self, asked, _each, patient=True, count=count)


@dataclass
class _Bounds:
    """How much of a batch has come."""

    size: int = 0
    lines: int = 0
    begun: bool = False
    """Whether a line has begun that no line feed has ended yet."""

    @property
    def checks(self) -> int:
        """How many lines there are."""
        return self.lines + self.begun

    def take(self, piece: bytes) -> None:
        """Count a piece. Raises `UsageFault` `batch-lines`."""
        self.size += len(piece)
        self.lines += piece.count(b"\n")
        self.begun = not piece.endswith(b"\n") if piece else self.begun
        if self.size > MAX_BATCH or self.lines > MAX_CHECKS:
            raise UsageFault(
                f"a batch has at most {MAX_CHECKS} lines and {MAX_BATCH // MIB} MiB",
                code="batch-lines",
                hint="Split it.",
            )


def _require_signed(hasher: PairHasher, signed: Signed) -> None:
    if hasher.digest() != signed.body:
        raise other_body()


def _each(registry: Registry, batches: Sequence[list[Asked]]) -> list[list[Answered]]:
    return [check_trades(registry, asked) for asked in batches]


def _folder(registry: Registry, org: str) -> str:
    """Where a batch may be kept, for an exchange."""
    with registry.store.reading() as session:
        require(session, org, Role.EXCHANGE)
    return str(registry.paths.root)


def _lines(file: IO[bytes], signed: Signed) -> Iterator[_Line]:
    number = 0
    while raw := file.readline(MAX_LINE + 2):
        number += 1
        whole = len(raw) <= MAX_LINE + 1
        while not whole and not raw.endswith(b"\n") and (rest := file.readline(MAX_LINE)):
            raw = rest  # the line is refused; its rest is passed over
        if not whole:
            yield _Line(number, None, DataFault("a line is too long", code="json-too-large"))
            continue
        line = content(raw.removesuffix(b"\n"), first=number == 1)
        if is_blank(line):
            continue
        try:
            trade = parse_trade(canonical.loads(line, max_bytes=MAX_LINE))
            require_form(trade.certificate)
        except DataFault as fault:
            yield _Line(number, None, fault)
        else:
            yield _Line(number, Asked(signed.org, signed.key, trade))


def _next(lines: Iterator[_Line]) -> list[_Line]:
    return list(islice(lines, TOGETHER))


def _lost(line: _Line, headers: Headers) -> bytes:
    """What is said of a line without an answer, in the reader's language (S15.2)."""
    assert line.fault is not None
    problem = problem_of(line.fault)
    _, said, hint = worded(problem, headers)
    told: dict[str, JSON] = {"line": line.number, "code": problem.code, "detail": said, "hint": hint}
    return json.dumps({**told, "message": problem.message}, ensure_ascii=False).encode() + b"\n"
