"""Commands that serve: the pages, and the embedded chain."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from yinzheng.api.cli.output import Json, out, tell
from yinzheng.api.cli.registry.common import DEFAULT_STATE, Proxy, State, keys_of
from yinzheng.verifier.errors import UsageFault


def serve(
    state: State = DEFAULT_STATE,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port.", min=0, max=65535)] = 8000,
    trust: Annotated[
        Path | None, typer.Option(help="Verify under this policy; default: the registry's own.")
    ] = None,
    rate: Annotated[
        int, typer.Option(help="Requests a second granted to each client; twice as many at once.", min=1)
    ] = 50,
    desk: Annotated[
        str | None,
        typer.Option(help="Hand patients' forms on to the desk at this address. 撤回办理地址。"),
    ] = None,
    proxy: Proxy = None,
    workers: Annotated[
        int, typer.Option(help="Processes that serve; rates count for all together. 进程数。", min=1, max=64)
    ] = 1,
    json_: Json = False,
) -> None:
    """Serve the pages and the JSON interface, read-only and without keys. 网页服务。"""
    from yinzheng.api.http.limits import Limits, Rate
    from yinzheng.api.web import serve as serve_web
    from yinzheng.api.web.desk import check_address
    from yinzheng.ledger.state.instance import read_instance

    read_instance(state)  # or there is nothing to announce
    if desk is not None:
        check_address(desk)

    def ready(url: str) -> None:

        def text() -> None:
            out.print(
                f"\n印证 Yinzheng is at {url}  (check a certificate: {url}/verify)",
                style="bold",
                markup=False,
            )
            out.print("Ctrl-C ends it; nothing is lost. 按 Ctrl-C 结束。", markup=False)

        tell(json_, {"url": url}, text)

    with suppress(KeyboardInterrupt):  # the way to end it
        limits = Limits(requests=Rate(rate, 2 * rate))
        serve_web(
            state,
            trust,
            host,
            port,
            limits=limits,
            desk=desk,
            proxies=proxy or (),
            workers=workers,
            ready=ready,
        )


def node(
    state: State = DEFAULT_STATE,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port.", min=0, max=65535)] = 8545,
    seal: Annotated[
        bool,
        typer.Option("--seal", help="Take transactions too: with the validator's key, as the one writer."),
    ] = False,
    json_: Json = False,
) -> None:
    """Serve the embedded chain as a JSON-RPC node, reading beside whoever writes. 链节点服务。"""
    from yinzheng.api.node import serve_node
    from yinzheng.ledger.chain.endpoints import shown
    from yinzheng.ledger.flow.clock import LEAP
    from yinzheng.ledger.keys.provider import VALIDATOR
    from yinzheng.ledger.registry import wall_clock
    from yinzheng.ledger.state.instance import read_instance

    paths, instance = read_instance(state)
    if instance.foreign:
        raise UsageFault(
            "this registry has no embedded chain",
            code="node-foreign",
            hint=f"Use {shown(instance.chain_urls[0])}.",
        )
    key = keys_of(paths).ethereum(VALIDATOR).secret_bytes() if seal else None

    def ready(url: str) -> None:
        tell(json_, {"url": url, "chain_id": instance.chain_id}, f"chain {instance.chain_id} is at {url}")

    with suppress(KeyboardInterrupt):  # the way to end it
        serve_node(
            paths.chain,
            clock=wall_clock,
            host=host,
            port=port,
            key=key,
            chain_id=instance.chain_id,
            genesis=instance.genesis,
            leap=LEAP,
            ready=ready,
        )
