"""The queue of signed notices to organisations: claimed, sent, noted; or fetched by who asks (S11.4).

Sending is slow and may hang, so it happens outside of every transaction and of the writer lock: `claim` puts
the next attempt off and hands out what is to be sent, `note` writes down what became of it. Whoever dies in
between leaves a notice that is sent again later, with the same `id`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlmodel import Session, case, col, select
from sqlmodel.sql.expression import SelectOfScalar

from yinzheng.ledger.flow.threads import find_organisation
from yinzheng.ledger.keys.provider import ISSUER
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models_consents import Delivery, Organisation
from yinzheng.ledger.store.models_watch import Subscription
from yinzheng.ledger.store.paging import page_of
from yinzheng.ledger.watch.letters import write_letters
from yinzheng.ledger.withdrawals.reach import reached
from yinzheng.verifier.errors import UsageFault, YinzhengError
from yinzheng.verifier.formats.webhook import parse_webhook, sign_webhook

FIRST_WAIT, LONGEST_WAIT = 60, 6 * 3600
"""Seconds between attempts: a minute, then twice as long each time, up to six hours."""
ROUND = 64
"""Notices of one round."""
FETCHED = 100
"""Notices handed out at once."""
LETTER_HOURS = 21
"""Hours over which a letter is tried where nobody says otherwise; then it is dead, and the next goes out.
Whatever a duty hangs on is tried for ever."""
MOST_FAILING = 2
"""Addresses of one organisation that may fail in a round: each may take a courier's whole patience."""
OF_ONE = 32
"""Of one withdrawal: the newest, reminders among them."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A signed notice on its way. `attempt` counts from 1."""

    id: bytes
    to: str
    url: str
    body: bytes
    header: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed notice for who fetches it: body, and the value of the header `Yinzheng-Notice`."""

    body: bytes
    header: str


Send = Callable[[str, bytes, str], None]
"""Sends a body with its header to a URL. Raises `YinzhengError`, whose code is noted, if it was not taken."""


def backoff(attempts: int) -> int:
    """Seconds to wait after so many attempts."""
    return int(min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempts - 1, 16)))


def attempts_within(hours: int) -> int:
    """How often a letter is tried in so many hours, the first time at once."""
    attempts, waited = 1, backoff(1)
    while waited <= hours * 3600:
        attempts += 1
        waited += backoff(attempts)
    return attempts


MOST_ATTEMPTS = attempts_within(LETTER_HOURS)
"""Attempts to hand over a letter, unless whoever runs the desk has it tried longer."""


def pending(session: Session, now: int, most: int = ROUND) -> list[tuple[Delivery, str]]:
    """Notices due at `now` that have somewhere to go, longest due first, then the oldest, with where: the
    subscription's webhook, else the organisation's."""
    of_subscription = col(Delivery.subscription_id).is_not(None)
    address = case((of_subscription, Subscription.webhook), else_=Organisation.webhook)
    query = (
        select(Delivery, address)
        .select_from(Delivery)
        .join(Organisation, col(Organisation.code) == col(Delivery.code))
        .join(Subscription, col(Subscription.id) == col(Delivery.subscription_id), isouter=True)
        .where(Delivery.state == "pending", Delivery.next_at <= now, address.is_not(None))
        .order_by(col(Delivery.next_at), col(Delivery.created_at), col(Delivery.id))
        .limit(most)
    )
    return [(row, url) for row, url in session.exec(query) if url is not None]


def claim(registry: Registry, now: int, most: int = ROUND) -> list[Outgoing]:
    """Take what is due, signed; its next attempt is put off, as if this one failed."""
    with registry.store.transaction() as session:
        write_letters(session, now)
        session.flush()
        due = pending(session, now, most)
        for row, _ in due:
            row.attempts += 1
            row.next_at = now + backoff(row.attempts)
            session.add(row)
    return [Outgoing(row.id, row.code, url, *_sign(registry, row), row.attempts) for row, url in due]


def note(
    registry: Registry, results: Iterable[tuple[bytes, str | None]], now: int, most: int = MOST_ATTEMPTS
) -> None:
    """Write down what became of claimed notices: by id, None for delivered, else the code of the fault.

    A letter that was tried `most` times is dead.
    """
    with registry.store.transaction() as session:
        for id_, fault in results:
            row = session.get_one(Delivery, id_)
            if fault is not None:
                row.last_error = fault
                if row.subscription_id and row.attempts >= most and row.state == "pending":
                    row.state = "dead"
            elif row.state == "pending":
                row.state, row.delivered_at, row.last_error = "delivered", now, None
                reached(session, row.withdrawal_id, row.code, now)
            session.add(row)


def send_all(outgoing: Iterable[Outgoing], send: Send) -> list[tuple[bytes, str | None]]:
    """Send claimed notices one after the other; needs neither registry nor lock.

    A server that failed once is not asked again in this round: one that hangs shall not hold up the others.
    Nor shall many of one organisation, which names as many as it has subscriptions: after `MOST_FAILING` the
    rest of what it is told waits for the next attempt, and nothing is noted of it.
    """
    failed: dict[str, str] = {}
    failing: Counter[str] = Counter()
    results: list[tuple[bytes, str | None]] = []
    for one in outgoing:
        fault = failed.get(one.url)
        if fault is None:
            if failing[one.to] >= MOST_FAILING:
                continue
            fault = _send(one, send)
            if fault is not None:
                failed[one.url] = fault
                failing[one.to] += 1
        results.append((one.id, fault))
    return results


def fetch(registry: Registry, code: str) -> list[Signed]:
    """Hand an organisation the notices that were not delivered, oldest first, and mark them fetched.

    One that was lost on the way back may be asked for once more: `refetch`. Raises `UsageFault`
    `organisation-unknown`.
    """
    with registry.store.transaction() as session:
        find_organisation(session, code)
        query = select(Delivery).where(Delivery.code == code, Delivery.state == "pending")
        rows = list(session.exec(query.order_by(col(Delivery.created_at), col(Delivery.id)).limit(FETCHED)))
        for row in rows:
            _fetched(session, row, registry.clock())
    return [Signed(*_sign(registry, row)) for row in rows]


def refetch(
    registry: Registry, code: str, since: int, after: bytes | None = None
) -> tuple[list[Signed], bytes | None]:
    """A page of what was delivered or fetched since an instant (UTC seconds), oldest first; none is marked.

    Those behind the notice `after`; with the one to go on after, or None at the end. Raises `UsageFault`:
    `organisation-unknown`, `query` (there is no such notice to the organisation).
    """
    with registry.store.reading() as session:
        find_organisation(session, code)
        query = select(Delivery).where(Delivery.code == code, col(Delivery.delivered_at) >= since)
        rows, more = _page(session, query, code, after)
    return [Signed(*_sign(registry, row)) for row in rows], None if more is None else more.id


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A letter that its subscription's webhook never took."""

    id: bytes
    subscription: bytes
    made_at: int
    attempts: int
    error: str | None
    """Code of the last failure."""
    signed: Signed


def dead_letters(
    registry: Registry, code: str, after: bytes | None = None
) -> tuple[list[DeadLetter], bytes | None]:
    """A page of the letters of an organisation that were given up, oldest first; as `refetch`."""
    with registry.store.reading() as session:
        query = select(Delivery).where(Delivery.code == code, Delivery.state == "dead")
        rows, more = _page(session, query, code, after)
    found = [
        DeadLetter(
            row.id,
            row.subscription_id or b"",
            row.created_at,
            row.attempts,
            row.last_error,
            Signed(*_sign(registry, row)),
        )
        for row in rows
    ]
    return found, None if more is None else more.id


def _page(
    session: Session, query: SelectOfScalar[Delivery], code: str, after: bytes | None
) -> tuple[list[Delivery], Delivery | None]:
    behind = None
    if after is not None:  # one that was delivered meanwhile still tells where it stood
        last = session.get(Delivery, after)
        if last is None or last.code != code:
            raise UsageFault("there is no such place in the list", code="query")
        behind = (last.created_at, last.id)
    order = (col(Delivery.created_at), col(Delivery.id))
    return page_of(session, query, order, behind, newest=False, most=FETCHED)


def resend(registry: Registry, code: str, id_: bytes) -> None:
    """Try a dead letter anew, as often as a fresh one. Raises `UsageFault` `letter-unknown`."""
    with registry.store.transaction() as session:
        row = session.get(Delivery, id_)
        if row is None or row.code != code or row.state != "dead":
            raise UsageFault(
                "there is no such dead letter of this organisation",
                code="letter-unknown",
                hint="`yinzheng org watch dead` lists them.",
            )
        row.state, row.attempts, row.next_at = "pending", 0, registry.clock()
        session.add(row)


def about(registry: Registry, code: str, withdrawal_id: bytes) -> list[Signed]:
    """What an organisation was or is to be told of one withdrawal, oldest first; it knows of them then."""
    with registry.store.transaction() as session:
        query = select(Delivery).where(Delivery.code == code, Delivery.withdrawal_id == withdrawal_id)
        newest = query.order_by(col(Delivery.created_at).desc(), col(Delivery.id)).limit(OF_ONE)
        rows = list(session.exec(newest))
        for row in rows:
            if row.state == "pending":
                _fetched(session, row, registry.clock())
    return [Signed(*_sign(registry, row)) for row in reversed(rows)]


def _fetched(session: Session, row: Delivery, now: int) -> None:
    row.state, row.delivered_at = "fetched", now
    session.add(row)
    reached(session, row.withdrawal_id, row.code, now)


def _send(one: Outgoing, send: Send) -> str | None:
    try:
        send(one.url, one.body, one.header)
    except YinzhengError as fault:
        return fault.code
    return None


def _sign(registry: Registry, row: Delivery) -> tuple[bytes, str]:
    return sign_webhook(parse_webhook(row.body), registry.keys.sm2(ISSUER))
