"""Commands about the registry's own keys: where they lie, and moving to a PKCS#11 token (D10)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.output import Json, tell
from yinzheng.api.cli.registry.common import DEFAULT_STATE, State, keystore_of
from yinzheng.api.cli.registry.persons import As, acting, open_keys, reading_store

if TYPE_CHECKING:
    from yinzheng.ledger.keys.making import TokenPlan
    from yinzheng.ledger.keys.token_config import TokenSm2
from yinzheng.verifier.errors import UsageFault

ModulePath = Annotated[
    str | None, typer.Option("--module", help="Path of the token's PKCS#11 library. 密码设备驱动库。")
]
TokenLabel = Annotated[str | None, typer.Option("--token", help="The token's label. 密码设备标签。")]
TokenSerial = Annotated[
    str, typer.Option("--token-serial", help="Its serial number, where several bear the label.")
]
TokenSm2Option = Annotated[
    str | None,
    typer.Option(
        "--token-sm2",
        help="The vendor's SM2: generate=0x…,sign=0x…,key-type=0x…,input=message or digest.",
    ),
]

_VENDORS = "0x([89a-f][0-9a-f]{7})"
"""PKCS#11 leaves the numbers from 0x80000000 to vendors."""
_SM2 = re.compile(
    f"generate={_VENDORS},sign={_VENDORS},key-type=0x([0-9a-f]{{1,8}}),input=(message|digest)", re.IGNORECASE
)


def token_plan(
    names: Sequence[str], module: str | None, label: str | None, serial: str, sm2: str | None
) -> TokenPlan | None:
    """What the options say about a token; None when no key is wanted in one.

    Raises `UsageFault` (`token-unnamed`, `token-sm2`).
    """
    from yinzheng.ledger.keys.making import TokenPlan
    from yinzheng.ledger.keys.token_config import find_pin

    if not names:
        if module or label or serial or sm2:
            raise UsageFault(
                "a token is named, and no key that is to lie there",
                code="token-unnamed",
                hint="--in-token kek",
            )
        return None
    if not module or not label:
        raise UsageFault(
            "a key in a token needs the token's library and label",
            code="token-unnamed",
            hint="give --module and --token",
        )
    how = None if sm2 is None else _sm2(sm2)
    return TokenPlan(module, label, tuple(dict.fromkeys(names)), lambda: find_pin(os.environ), serial, how)


def _sm2(text: str) -> TokenSm2:
    from yinzheng.ledger.keys.token_config import TokenSm2

    found = _SM2.fullmatch(text)
    if found is None:
        raise UsageFault(
            "the token's SM2 is described in another way",
            code="token-sm2",
            hint="generate=0x80000001,sign=0x80000002,key-type=0x80000003,input=digest, as its maker says",
        )
    generate, sign, key_type = (int(found[number], 16) for number in (1, 2, 3))
    return TokenSm2(generate, sign, key_type, found[4])


def list_keys(state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """Show every key, what it is and where it lies; no passphrase and no PIN is asked. 列出密钥。"""
    from yinzheng.ledger.keys.keystore import Keystore
    from yinzheng.ledger.keys.pkcs11 import kind_of
    from yinzheng.ledger.keys.provider import Kind
    from yinzheng.ledger.keys.token_config import read_config
    from yinzheng.ledger.state.instance import read_instance

    paths, _ = read_instance(state)
    config = read_config(paths.keys)
    in_token = {entry.name for entry in config.keys} if config is not None else set()
    in_store = set(Keystore(paths.keys, b"").names())
    rows = [
        {
            "name": name,
            "kind": "aes256" if name in in_token and kind_of(name) is Kind.SM4 else kind_of(name).value,
            "where": "token" if name in in_token else "keystore",
            "token": config.label if config is not None and name in in_token else None,
            "earlier_in_keystore": name in in_token and name in in_store,
        }
        for name in sorted(in_token | in_store)
    ]

    def text() -> Iterator[str]:
        for row in rows:
            where = f"token {row['token']}" if row["token"] else "keystore"
            earlier = "; an earlier one in the keystore" if row["earlier_in_keystore"] else ""
            yield f"{row['name']:<24} {row['kind']:<10} {where}{earlier}"

    tell(json_, rows, text())


def to_token(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Keys to make, such as kek.")],
    as_: As,
    module: ModulePath = None,
    token: TokenLabel = None,
    token_serial: TokenSerial = "",
    token_sm2: TokenSm2Option = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Make keys inside a token; they never leave it. 在密码设备中生成密钥。"""
    from yinzheng.ledger.keys.making import add_to_token
    from yinzheng.ledger.keys.provider import KEK
    from yinzheng.ledger.keys.token_config import read_config
    from yinzheng.ledger.state.instance import read_instance

    paths, _ = read_instance(state)
    _require_administrator(state, as_)
    config = read_config(paths.keys)
    if config is not None:
        module, token = module or config.module, token or config.label
    plan = token_plan(names, module, token, token_serial, token_sm2)
    assert plan is not None  # there is at least one name
    made = add_to_token(paths, keystore_of(paths), plan)

    def text() -> Iterator[str]:
        yield f"made in the token {made.label}: {', '.join(plan.names)} 已生成"
        if KEK in plan.names:
            yield "  → wrap the older keys anew too: yinzheng keys rewrap"

    tell(json_, {"token": made.label, "serial": made.serial, "keys": [key.name for key in made.keys]}, text())


def rewrap(
    as_: As,
    to: Annotated[str, typer.Option(help="`token` or `keystore`. 目标。")] = "token",
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Wrap every key in the database anew, in one transaction. 重新加密数据密钥。"""
    from yinzheng.ledger.keys.provider import KEK
    from yinzheng.ledger.registry import wall_clock
    from yinzheng.ledger.state.instance import read_instance
    from yinzheng.ledger.state.rewrapping import rewrap_registry

    if to not in ("token", "keystore"):
        raise UsageFault("keys are wrapped in the token or in the keystore", code="rewrap-target")
    paths, _ = read_instance(state)
    open_keys(paths)
    keystore = keystore_of(paths)
    moved = rewrap_registry(
        state,
        keystore,
        os.environ,
        to_token=to == "token",
        by=lambda store, there: acting(store, there, as_),
        clock=wall_clock,
    )

    def text() -> Iterator[str]:
        counted = ", ".join(f"{count} of {table}" for table, count in moved.items())
        yield f"wrapped anew: {counted} 已重新加密"
        if to == "token" and KEK in keystore.names():
            yield (
                "  → backups made before still open with kek.json of the keystore: keep it off this machine,"
                " or destroy it together with them"
            )

    tell(json_, moved, text())


def _require_administrator(state: Path, as_: str) -> None:
    """Who keeps the keys is no one who decides, reads or exports (R47)."""
    from yinzheng.ledger.people.acting import admit
    from yinzheng.ledger.rules.offices import Office

    with reading_store(state) as (store, paths):
        open_keys(paths)
        who = acting(store, paths, as_)
        with store.reading() as session:
            admit(session, who, Office.ADMINISTRATOR)
