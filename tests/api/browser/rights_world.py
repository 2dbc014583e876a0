"""Patients with receipts, a desk as a process, and the public server in front of it."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from tests.desk.calls import DeskProcess, running_desk
from tests.ledger.consent_world import HOSPITAL, KEYS, LAB, ConsentWorld, publish
from tests.ledger.world import OFFICER, Clock, World, actor_of, create
from yinzheng.api.http.limits import Limits, Rate
from yinzheng.api.http.pages import read_word
from yinzheng.api.web.app import create_app
from yinzheng.api.web.desk import HttpDesk
from yinzheng.ledger.consents.handover import issue_receipt
from yinzheng.ledger.consents.receipts import Receipt
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.state.instance import Paths
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.destruction import DestructionReceipt, sign_receipt

ADULT_BORN = "1980-02-29"
CHILD_BORN = "2019-05-01"
GENEROUS = Rate(10_000, 10_000)


@dataclass(frozen=True)
class Rights:
    """A running registry, and the receipts of its patients."""

    url: str
    without_desk: str
    """A server in front of no desk that runs."""
    desk: DeskProcess
    adult: Receipt
    child: Receipt
    unlucky: Receipt
    """Of someone who mistakes the date of birth."""
    spare: Receipt

    def obey(self, withdrawal: str) -> None:
        """Have hospital and institute do their duty, through the desk."""
        path = f"/org/v1/withdrawals/{withdrawal}"
        assert self.desk.call("POST", f"{path}/freeze").status == 200
        self.answer(withdrawal, HOSPITAL, LAB)

    def answer(self, withdrawal: str, *organisations: str) -> None:
        """Have these organisations confirm."""
        path = f"/org/v1/withdrawals/{withdrawal}"
        for org in organisations:
            request = self.desk.call("GET", path, org=org).json["request"]
            made = DestructionReceipt(
                withdrawal=bytes.fromhex(withdrawal),
                request=bytes.fromhex(request),
                recipient=org,
                kid=key_id(KEYS[org].public_key.point),
                method="overwrite",
                copies=2,
                operator="信息科",
                evidence=None,
                destroyed_at=int(time.time()),
            )
            signed = sign_receipt(made, KEYS[org]).canonical()
            assert self.desk.call("POST", f"{path}/receipt", signed, org=org).status == 201


@contextmanager
def rights_world(root: Path) -> Iterator[Rights]:
    """Everything, until the block ends."""
    clock = Clock(int(time.time()) - 60)
    world = World(create(root / "state", clock), clock)
    with world.open() as registry:
        made = ConsentWorld(registry)
        granted = [made.grant(1), made.grant_minor(2, CHILD_BORN), made.grant(3), made.grant(4)]
        # A later version takes more than any of them agreed to.
        kinds = [*made.notice_body["kinds"], "病程记录"]
        publish(registry, version=2, replaces=made.notice.leaf.hex(), kinds=kinds, retention_months=240)
        settle(registry)
        by = actor_of(registry, OFFICER)
        receipts = [issue_receipt(registry, one.subject, by) for one in granted]
    # The server reads a copy's own files, as another process would; LMDB opens a folder once per process.
    shutil.copytree(world.root, root / "served")
    with running_desk(root / "served") as desk, served(root / "served", desk.url) as (url, away):
        yield Rights(url, away, desk, *receipts)


@contextmanager
def served(state: Path, desk: str) -> Iterator[tuple[str, str]]:
    limits = Limits(requests=GENEROUS, lookups=GENEROUS, patients=GENEROUS)
    now: Callable[[], int] = lambda: int(time.time())  # noqa: E731
    with socket.create_server(("127.0.0.1", 0)) as unused:
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}"
    word: Callable[[], str] = lambda: read_word(Paths(state))  # noqa: E731
    with open_reader(state, now) as reader:
        apps = [
            create_app(reader, clock=now, limits=limits, demonstration=True, desk=HttpDesk(address, word))
            for address in (desk, nobody)
        ]
        servers = [uvicorn.Server(uvicorn.Config(app, log_level="warning")) for app in apps]
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in servers]
        threads = [
            threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
            for server, listener in zip(servers, sockets, strict=True)
        ]
        for thread in threads:
            thread.start()
        while not all(server.started for server in servers):
            time.sleep(0.01)
        try:
            yield tuple(f"http://127.0.0.1:{one.getsockname()[1]}" for one in sockets)  # type: ignore[misc]
        finally:
            for server, thread in zip(servers, threads, strict=True):
                server.should_exit = True
                thread.join(10)
