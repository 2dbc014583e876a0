"""Running the web server over a state folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from yinzheng.api.http.limits import Limits
from yinzheng.api.http.pages import read_word
from yinzheng.api.http.serving import serve_until_ended
from yinzheng.api.web.app import create_app
from yinzheng.api.web.desk import HttpDesk
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.state.instance import Paths
from yinzheng.verifier.judge.trust import MAX_TRUST


def serve(
    root: Path,
    trust: Path | None = None,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    limits: Limits | None = None,
    desk: str | None = None,
    proxies: Sequence[str] = (),
    ready: Callable[[str], None] = lambda _url: None,
) -> None:
    """Serve the registry in the state folder `root` until interrupted.

    Pages verify under the policy in the file `trust`, or under the registry's own where there is none.
    Patients' forms are handed on to the desk at `desk`, an address of this machine, with the word it left in
    the folder (`api.http.pages`).
    Behind a reverse proxy, of which `proxies` has the IP addresses, the client's address is taken from
    X-Forwarded-For. Requests are not logged: the address of a certificate's page is the certificate. `ready`
    hears the server's address once it can be asked.

    Raises what `open_reader` raises; `DataFault` `trust-malformed`; `UsageFault` `desk-address`,
    `proxy-address`; `EnvironmentFault` `port-taken`.
    """
    policy = None if trust is None else _read(trust)
    port_of_desk = None if desk is None else HttpDesk(desk, lambda: read_word(Paths(root)))
    with open_reader(root, lambda: int(time.time())) as reader:
        app = create_app(
            reader,
            clock=lambda: int(time.time()),
            trust=policy,
            limits=limits,
            demonstration=reader.instance.demonstration,
            desk=port_of_desk,
        )
        serve_until_ended(app, host, port, proxies=proxies, ready=ready)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_TRUST + 1)
