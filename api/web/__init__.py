"""Pages and JSON for whoever checks a certificate. Reads only and holds no key (docs/adr/0003).

Importing the package loads nothing: the process that takes uploaded files apart lives in it too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yinzheng.api.http.limits import Limits


def serve(
    root: Path,
    trust: Path | None = None,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    limits: Limits | None = None,
    desk: str | None = None,
    proxies: Sequence[str] = (),
    workers: int = 1,
    ready: Callable[[str], None] = lambda _url: None,
) -> None:
    """Serve the registry in the state folder `root`; see `api.web.running.serve`."""
    from yinzheng.api.web import running

    running.serve(
        root, trust, host, port, limits=limits, desk=desk, proxies=proxies, workers=workers, ready=ready
    )
