"""Commands for people and their keys: made, enrolled, removed, put under another passphrase (R47)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yinzheng.api.cli.list_words import OFFICES
from yinzheng.api.cli.output import Json, tell
from yinzheng.api.cli.registry.common import DEFAULT_STATE, State, acting, writing
from yinzheng.api.cli.registry.keys import ModulePath, TokenLabel, TokenSerial
from yinzheng.api.cli.registry.persons import As, new_passphrase, opened_key_file
from yinzheng.verifier.bytes.china_time import CHINA
from yinzheng.verifier.errors import UsageFault

if TYPE_CHECKING:
    from yinzheng.ledger.keys.provider import EthereumKey
    from yinzheng.ledger.rules.offices import Role

Name = Annotated[str, typer.Argument(metavar="NAME", help="A short name, such as zhang-min. 姓名简称。")]
NewFile = Annotated[
    Path | None,
    typer.Option(
        "--new-passphrase-file", help="The new key's passphrase; default: it is asked for. 新口令文件。"
    ),
]


def make_key(
    name: Name,
    out_file: Annotated[Path, typer.Option("--out", help="A new file, for its owner alone. 密钥文件。")],
    new_passphrase_file: NewFile = None,
    module: ModulePath = None,
    token: TokenLabel = None,
    token_serial: TokenSerial = "",
    json_: Json = False,
) -> None:
    """Make a key of one's own, to carry: a file under a passphrase, or a key in a token. 本人密钥。"""
    key = _made(name, out_file, new_passphrase_file, module, token, token_serial)
    address = "0x" + key.address.hex()
    tell(
        json_,
        {"name": name, "file": str(out_file), "address": address},
        (
            f"{out_file}: the key of {name}, {address} 已生成",
            f"  → an administrator enrols it: yinzheng people add {name} --role ROLE --address {address}",
        ),
    )


def add(
    name: Name,
    role: Annotated[
        str, typer.Option(help="officer, committee, administrator, auditor, or of staff. 职责。")
    ],
    as_: As,
    address: Annotated[
        str | None, typer.Option(help="Address of a key they carry; default: one is made here. 密钥地址。")
    ] = None,
    new_passphrase_file: NewFile = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Enrol someone who acts for the registry, with a key of their own. 登记人员。"""
    from yinzheng.ledger.people.enrolling import enrol_person, enrol_with_key

    held = _role(role)
    passphrase = new_passphrase(name, new_passphrase_file) if address is None else b""
    with writing(state, json_) as (registry, _):
        who = acting(registry, as_)
        if address is None:
            given = enrol_with_key(registry, name, held, passphrase, who)
        else:
            given = _address(address)
            enrol_person(registry, name, held, given, who)
    tell(
        json_,
        {"name": name, "role": held.value, "address": "0x" + given.hex()},
        f"{name} is enrolled as {held.value} 已登记",
    )


def remove(name: Name, as_: As, state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """End what someone may do, at once, here and on the chain; what was signed stands. 注销人员。"""
    from yinzheng.ledger.people.enrolling import remove_person

    with writing(state, json_) as (registry, _):
        remove_person(registry, name, acting(registry, as_))
    tell(json_, {"name": name, "removed": True}, f"{name} acts no more 已注销")


def replace(
    leaver: Annotated[str, typer.Argument(metavar="LEAVER", help="Who leaves. 离任者。")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who comes instead. 接任者。")],
    as_: As,
    address: Annotated[
        str | None, typer.Option(help="Address of a key they carry; default: one is made here. 密钥地址。")
    ] = None,
    new_passphrase_file: NewFile = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Enrol someone in the role of who leaves, here and on the chain, and end that one. 更换人员。"""
    from yinzheng.ledger.people.enrolling import enrol_person, enrol_with_key, remove_person, role_to_take

    theirs = None if address is None else _address(address)
    passphrase = new_passphrase(name, new_passphrase_file) if address is None else b""
    with writing(state, json_) as (registry, _):
        who = acting(registry, as_)
        role, there = role_to_take(registry, leaver, name, theirs)
        if (carried := there or theirs) is not None:
            enrol_person(registry, name, role, carried, who, known=there is not None)
        else:
            enrol_with_key(registry, name, role, passphrase, who)
        remove_person(registry, leaver, who)
    tell(
        json_,
        {"name": name, "role": role.value, "removed": leaver},
        f"{name} is enrolled as {role.value} 已登记; {leaver} acts no more 已注销",
    )


def list_people(state: State = DEFAULT_STATE, json_: Json = False) -> None:
    """List everyone who acts for the registry, also who left. 人员名单。"""
    from yinzheng.api.cli.registry.persons import reading_store
    from yinzheng.ledger.people.enrolling import everyone

    with reading_store(state) as (store, _), store.reading() as session:
        rows = [
            {"name": one.name, "role": one.role, "address": "0x" + one.address.hex(),
             "removed_at": one.removed_at}
            for one in everyone(session)
        ]  # fmt: skip

    def text() -> Iterator[str]:
        for row in rows:
            left = row["removed_at"]
            gone = ""
            if isinstance(left, int):
                gone = f"  left 离任 {datetime.fromtimestamp(left, CHINA):%Y-%m-%d}"
            yield f"{row['name']!s:<24} {row['role']!s:<16} {OFFICES[str(row['role'])]}{gone}"

    tell(json_, rows, text())


def passphrase(
    as_: As,
    new_passphrase_file: NewFile = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Put one's own key under another passphrase; the key stays the one it is. 更换口令。"""
    from yinzheng.ledger.people.keyring import change_passphrase
    from yinzheng.ledger.state.instance import Paths

    paths = Paths(state.absolute())
    file, secret = opened_key_file(paths, as_)
    new = new_passphrase(as_, new_passphrase_file)
    change_passphrase(file, paths, lambda: secret, new)
    tell(json_, {"name": as_, "file": str(file)}, f"{file}: under the new passphrase 已更换口令")


def _made(
    name: str, file: Path, new_file: Path | None, module: str | None, token: str | None, serial: str
) -> EthereumKey:
    from yinzheng.ledger.keys import personal
    from yinzheng.ledger.keys.token_config import TokenConfig

    personal.check_name(name)
    if module is None and token is None:
        return personal.make_key_file(file, new_passphrase(name, new_file))
    if module is None or token is None:
        raise UsageFault(
            "a key in a token needs the token's library and label",
            code="token-unnamed",
            hint="give --module and --token",
        )
    config = TokenConfig(module, token, serial)
    pin = new_passphrase(name, new_file, least=1)
    return personal.make_key_in_token(file, name, config, lambda: pin)


def _role(written: str) -> Role:
    from yinzheng.ledger.rules.offices import ROLES, role_of

    try:
        return role_of("registry" if written == "officer" else written)
    except KeyError:
        known = ", ".join("officer" if one.value == "registry" else one.value for one in ROLES)
        raise UsageFault(
            f"there is no role {written}", code="person-role", hint=f"One of: {known}."
        ) from None


def _address(text: str) -> bytes:
    try:
        address = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        address = b""
    if len(address) != 20:
        raise UsageFault("an address has 40 hex characters", code="address-malformed")
    return address
