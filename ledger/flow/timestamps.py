"""Having things of ours stamped by a time-stamping authority (RFC 3161), and keeping its tokens.

What leaves the house is one SHA-256 digest. The answer is checked before it is kept; a token that does not
stamp what was asked, in answer to this very request, is worth nothing later. Whose token counts is decided by
each reader's policy, not here (S10.10).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from sqlmodel import Session, col, select

from yinzheng.ledger.net.client import Client
from yinzheng.ledger.net.exchange import Bounds, NoAnswer, Sent, TooLong, Untrusted
from yinzheng.ledger.net.routes import is_loopback
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models_disputes import TimeStamp
from yinzheng.verifier.bytes.algorithms import sha256
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault
from yinzheng.verifier.judge.timestamp import MAX_TOKEN, NONCES, check_timestamp, parse_token, request_bytes
from yinzheng.verifier.judge.trust import TimeAuthority

SECONDS: Final = 20
MAX_URL: Final = 255

Post = Callable[[str, bytes], bytes]
"""`(url, request)` → the authority's answer."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """A token that is kept. Times in UTC seconds."""

    digest: bytes
    authority: str
    """The URL that was asked."""
    token: bytes
    """DER of the bare token, as `openssl ts -verify -token_in` reads it."""
    stamped_at: int
    """The authority's time."""


def stamp(
    registry: Registry,
    digest: bytes,
    url: str,
    authorities: Sequence[TimeAuthority] = (),
    *,
    post: Post | None = None,
) -> Stamped:
    """Have `digest` (SHA-256, 32 bytes) stamped by the authority at `url`, and keep the token durably.

    Asked again for the same, it gives the token it has. With `authorities` the token must hold under one of
    them; without, all is checked but who vouches for the signature.

    Raises `UsageFault` (`authority-url`, `timestamp-support`, `timestamp-request`), `EnvironmentFault`
    (`authority-unreachable`), `DataFault` (`timestamp-nonce`, and as `parse_token`, `Token.require` and
    `check_timestamp`); nothing is kept then.
    """
    require_url(url)
    with registry.store.reading() as session:
        for kept in stamps_of(session, digest):
            if kept.authority == url:
                return kept
    nonce = NONCES.start + secrets.randbelow(len(NONCES))
    answer = (post or post_request)(url, request_bytes(digest, nonce))
    stamped = _checked(answer, digest, nonce, url, authorities)
    with registry.store.transaction() as session:
        session.add(
            TimeStamp(
                digest=stamped.digest,
                authority=stamped.authority,
                token=stamped.token,
                stamped_at=stamped.stamped_at,
                created_at=registry.clock(),
            )
        )
    return stamped


def stamp_checkpoint(
    registry: Registry, url: str, authorities: Sequence[TimeAuthority] = (), *, post: Post | None = None
) -> tuple[int, Stamped]:
    """Have the latest anchored checkpoint's note stamped; gives the size of its tree as well.

    Raises as `stamp`, and `UsageFault` (`checkpoint-missing`) where nothing is anchored yet.
    """
    with registry.store.reading() as session:
        checkpoint = repository.latest_checkpoint(session, anchored=True)
    if checkpoint is None:
        raise UsageFault(
            "no checkpoint is anchored yet",
            code="checkpoint-missing",
            hint="Stamp once something was recorded.",
        )
    digest = sha256(checkpoint.note.encode())
    return checkpoint.size, stamp(registry, digest, url, authorities, post=post)


def stamps_of(session: Session, digest: bytes) -> list[Stamped]:
    """Give the tokens kept over that digest, oldest first."""
    rows = session.exec(select(TimeStamp).where(TimeStamp.digest == digest).order_by(col(TimeStamp.id)))
    return [Stamped(row.digest, row.authority, row.token, row.stamped_at) for row in rows]


def _checked(
    answer: bytes, digest: bytes, nonce: int, url: str, authorities: Sequence[TimeAuthority]
) -> Stamped:
    token = parse_token(answer)
    token.require(digest)
    if token.nonce != nonce:
        raise DataFault("the token does not answer this request", code="timestamp-nonce")
    if authorities:
        check_timestamp(token.der, digest, authorities)
    return Stamped(digest, url, token.der, token.at)


def require_url(url: str) -> None:
    """Check that an authority's address is https, or http on this machine (`UsageFault` `authority-url`)."""
    try:
        parts = urlsplit(url)
        host, usable = parts.hostname or "", parts.port != 0 and len(url) <= MAX_URL and url.isascii()
        usable &= parts.username is None and parts.password is None
    except ValueError:  # a port or an IPv6 address that is none
        host, usable = "", False
    if not usable or not (
        (parts.scheme == "https" and host) or (parts.scheme == "http" and is_loopback(host))
    ):
        raise UsageFault(
            "an authority's address is an https URL, or an http URL on this machine",
            code="authority-url",
            hint="Write it like https://tsa.example/tsr.",
        )


def post_request(url: str, request: bytes) -> bytes:
    """Ask the authority (RFC 3161 section 3.4): one answer of at most `MAX_TOKEN` bytes, no redirects.

    Raises `EnvironmentFault` (`authority-unreachable`, `proxy-unusable`).
    """
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    bounds = Bounds(MAX_TOKEN, total=SECONDS, each=SECONDS)
    try:
        with Client(os.environ) as client:
            answer = client.send(Sent("POST", url, request, headers), bounds)
    except TooLong as error:
        raise _unreachable("what answers there is no time-stamping authority") from error
    except Untrusted as error:
        raise _unreachable("the time-stamping authority is not who it says (TLS)") from error
    except NoAnswer as error:
        raise _unreachable("the time-stamping authority does not answer") from error
    if not 200 <= answer.status < 300:
        raise _unreachable("the time-stamping authority does not answer")
    if answer.media != "application/timestamp-reply":
        raise _unreachable("what answers there is no time-stamping authority")
    return answer.body


def _unreachable(message: str) -> EnvironmentFault:
    return EnvironmentFault(
        message,
        code="authority-unreachable",
        hint="Check its address; nothing was stamped, and everything else goes on without it.",
    )
