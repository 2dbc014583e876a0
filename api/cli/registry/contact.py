"""`yinzheng contact`: how the registry is reached, and changing it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from yinzheng.api.cli.output import Json, tell
from yinzheng.api.cli.registry.common import DEFAULT_STATE, State, acting, writing
from yinzheng.api.cli.registry.persons import MaybeAs
from yinzheng.verifier.errors import UsageFault


class Way(StrEnum):
    """A way to reach a registry, as `Contact` names it."""

    TELEPHONE = "telephone"
    EMAIL = "email"
    ADDRESS = "address"
    COMPLAINTS = "complaints"


def contact(
    telephone: Annotated[str | None, typer.Option(help="Its telephone, for everybody. 联系电话。")] = None,
    email: Annotated[str | None, typer.Option(help="Its e-mail address. 电子邮箱。")] = None,
    address: Annotated[str | None, typer.Option(help="Its postal address. 联系地址。")] = None,
    complaints: Annotated[
        str | None, typer.Option(help="Who takes complaints about it, and how. 投诉受理单位及方式。")
    ] = None,
    without: Annotated[
        list[Way] | None, typer.Option(help="A way to name no more; repeat. 不再列出。")
    ] = None,
    as_: MaybeAs = None,
    state: State = DEFAULT_STATE,
    json_: Json = False,
) -> None:
    """Show or change how the registry is reached; policies, pages and papers name it. 联系方式。

    What is not named stays as it is. Papers made before keep what they say.
    """
    from yinzheng.ledger.state.contact import contact_in
    from yinzheng.ledger.state.instance import read_instance
    from yinzheng.ledger.state.reaching import change_contact
    from yinzheng.ledger.store.database import open_store_read_only
    from yinzheng.verifier.words.speaker import ways

    said = {"telephone": telephone, "email": email, "address": address, "complaints": complaints}
    given = {name: text for name, text in said.items() if text is not None}
    if given or without:
        if as_ is None:
            raise UsageFault("say who changes it: --as", code="person-unknown")
        with writing(state, json_) as (registry, _):
            found = change_contact(
                registry, given, [one.value for one in without or ()], acting(registry, as_)
            )
    else:
        paths, instance = read_instance(state)
        store = open_store_read_only(instance.store_url(paths))
        try:
            with store.reading() as session:
                now = contact_in(session, instance)
        finally:
            store.close()
        if now is None:
            tell(json_, None, "none is named 尚未写明: --telephone, --email, --address, --complaints")
            return
        found = now
    tell(json_, found.to_json(), [f"{label.zh} {label.en}: {text}" for label, text in ways(found)])
