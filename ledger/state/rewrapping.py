"""Moving a registry's wrapped keys from one key-encryption key to another, by an administrator, with a line.

No record is opened for it, but every key of one is: so it is written down who did it, in the same transaction
(R47).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from yinzheng.ledger.accesses.noting import acted
from yinzheng.ledger.flow.clock import clock_for
from yinzheng.ledger.keys.keystore import Keystore
from yinzheng.ledger.keys.pkcs11 import with_token
from yinzheng.ledger.keys.provider import KEK, Kind
from yinzheng.ledger.keys.rewrap import rewrap
from yinzheng.ledger.keys.token_config import read_config
from yinzheng.ledger.people.acting import Actor, admit
from yinzheng.ledger.registry import Clock, KeptFolder
from yinzheng.ledger.rules.offices import Office
from yinzheng.ledger.state.instance import Paths, read_instance
from yinzheng.ledger.state.lock import writer_lock
from yinzheng.ledger.store.database import Store, open_store
from yinzheng.verifier.errors import UsageFault


def rewrap_registry(
    root: Path,
    keystore: Keystore,
    environment: Mapping[str, str],
    *,
    to_token: bool,
    by: Callable[[Store, Paths], Actor],
    clock: Clock,
) -> dict[str, int]:
    """Move all wrapped keys of the registry at `root` into the token's key-encryption key, or out of it.

    Moved out, the keystore's key is made if there is none, and the token's is no longer used but stays where
    it is. Gives the rows moved, by table. `by` says who does it, an administrator, once the database is open;
    `clock` gives UTC seconds.

    Raises `UsageFault` (`kek-elsewhere`: none is configured; as `admit`), `EnvironmentFault` (`state-locked`,
    `clock-behind`, `token-…`, `key-missing` for rows that another key wrapped), and as `rewrap`.
    """
    paths, instance = read_instance(root)
    with writer_lock(paths):
        config = read_config(paths.keys)
        if config is None or config.entry(KEK) is None:
            raise UsageFault(
                "the key-encryption key lies in the keystore alone",
                code="kek-elsewhere",
                hint="make one in a token first: yinzheng keys to-token kek",
            )
        both = with_token(keystore, paths.keys, environment)
        store = open_store(instance.store_url(paths))
        try:
            actor = by(store, paths)
            with store.transaction() as session:
                admit(session, actor, Office.ADMINISTRATOR)
                if not to_token and KEK not in keystore.names():
                    keystore.generate(KEK, Kind.SM4)
                where = "token" if to_token else "keystore"
                kept = KeptFolder(instance, both, clock_for(session, clock))
                acted(kept, session, actor, "keys", f"kek:{where}", "keeping")
                opener = both.wrapper()
                moved = rewrap(session, opener, opener if to_token else keystore.wrapper())
        finally:
            store.close()
        if not to_token:
            config.without_key(KEK).write(paths.keys)
        return moved
