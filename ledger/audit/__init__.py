"""The audit (D9): chain, log, database and every dossier byte, re-hashed and compared with each other.

Nothing is believed because a column says so: statements are hashed again, commitments opened, dossiers
decrypted to the last byte, heads and records read from the chain. Every difference is named; the audit
writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from yinzheng.ledger.audit.accesses import check_accesses
from yinzheng.ledger.audit.approvals import check_approvals
from yinzheng.ledger.audit.chain import check_chain
from yinzheng.ledger.audit.columns import check_columns
from yinzheng.ledger.audit.dossiers import check_dossiers
from yinzheng.ledger.audit.erasures import check_erasures
from yinzheng.ledger.audit.events import check_events
from yinzheng.ledger.audit.finding import Audit, Finding
from yinzheng.ledger.audit.inlets import check_inlets
from yinzheng.ledger.audit.keys import check_keys
from yinzheng.ledger.audit.log import check_published_log
from yinzheng.ledger.audit.modules import check_modules
from yinzheng.ledger.audit.stamps import check_time_stamps
from yinzheng.ledger.audit.standing import check_standing
from yinzheng.ledger.audit.threads import check_threads
from yinzheng.ledger.chain.client import ContractsClient
from yinzheng.ledger.chain.connect import open_chain
from yinzheng.ledger.chain.sender import count_of
from yinzheng.ledger.flow.histories import known_of, relay_in, require_not_behind
from yinzheng.ledger.keys.provider import KeyProvider
from yinzheng.ledger.log.tilelog import TileLog
from yinzheng.ledger.registry import Clock, Progress
from yinzheng.ledger.state.instance import Paths, read_instance
from yinzheng.ledger.state.lock import writer_lock
from yinzheng.ledger.store.database import open_store_read_only
from yinzheng.ledger.store.objects import open_blobs
from yinzheng.verifier.errors import EnvironmentFault

__all__ = ["Finding", "audit_registry"]

_STEPS = (
    ("keys", check_keys),
    ("statements and commitments", check_events),
    ("threads", check_threads),
    ("accesses", check_accesses),
    ("approvals", check_approvals),
    ("log", check_published_log),
    ("chain", check_chain),
    ("withdrawals, disputes and roles", check_modules),
    ("how certificates stand", check_standing),
    ("what came past the registry", check_inlets),
    ("dossiers", check_dossiers),
    ("erasures", check_erasures),
    ("time stamps", check_time_stamps),
)


def audit_registry(
    root: Path, keys: Callable[[Paths], KeyProvider], *, clock: Clock, progress: Progress
) -> list[Finding]:
    """Audit the state folder `root`; an empty list means that everything agrees.

    Holds the writer lock, so that nothing moves meanwhile, unless the folder cannot be written at all (a
    backup). Raises `UsageFault` (`state-missing`), `EnvironmentFault` where something cannot be read: an
    audit that could not be done is not a clean one. So does a chain that does not open, and a node that lags
    (`chain-behind-database`).
    """
    paths, instance = read_instance(root)
    with ExitStack() as stack:
        try:
            stack.enter_context(writer_lock(paths, instance.lock_seconds))
        except EnvironmentFault as fault:
            if fault.code != "state-read-only":
                raise
        store = open_store_read_only(instance.store_url(paths))
        stack.callback(store.close)
        w3 = stack.enter_context(open_chain(paths, instance, None, clock=clock))
        audit = Audit(
            instance=instance,
            store=store,
            log=TileLog(paths.log, instance.origin),
            blobs=open_blobs(paths, instance),
            w3=w3,
            client=ContractsClient(w3, instance.deployment, instance.modules),
            keys=keys(paths),
        )
        with audit.finding():
            store.check_integrity()
        if not check_columns(audit):
            return audit.findings  # nothing below could read such rows
        if instance.foreign:
            _require_caught_up(audit)
        for name, step in _STEPS:
            progress(f"checking {name}")
            with audit.finding():
                step(audit)
    return audit.findings


def _require_caught_up(audit: Audit) -> None:
    """A node that lags lacks what is on the chain: that is no difference. Raises `chain-behind-database`."""
    with audit.store.reading() as session:
        known, relay = known_of(session), relay_in(session)
    head = audit.client.latest_anchor()
    sent = known.mined if relay is None else count_of(audit.w3, relay)
    require_not_behind(known, sent, 0 if head is None else head.size, foreign=True)
