"""What a change may alter of a certificate (R6), by the rules it was registered under."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from yinzheng.ledger.rules.profiles import Profile
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import Body

_NARROW: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {"NDA-2026": frozenset({"names", "asset", "class", "level", "scale"})}
)
"""Identity or description only (N35); other rules let source and rights status change, too."""


def check_changes(profile: Profile, body: Body, changes: Mapping[str, Any]) -> None:
    """Check what a change asks for, `changes` as in a request (S10.12). Who holds what never changes.

    Raises:
        UsageFault: `change-refused` (these rules do not let it change), `change-holder` (of somebody who
            holds nothing), `change-nothing` (it reads so already).
    """
    allowed = _NARROW.get(profile.id)
    if allowed is not None and (other := sorted(set(changes) - allowed)):
        raise UsageFault(
            f"{profile.tag} lets identity and description change, not {', '.join(other)} (R6).",
            code="change-refused",
            hint="Another source or another right is another registration.",
        )
    holders = {holder.code: holder.name for holder in body.holders}
    names = {one["code"]: one["name"] for one in changes.get("names", ())}
    if strangers := sorted(names.keys() - holders.keys()):
        raise UsageFault(
            f"{', '.join(strangers)} holds nothing under the certificate.",
            code="change-holder",
            hint="A right passes to somebody else by transfer alone.",
        )
    before = {**body.to_json(), "names": {code: holders[code] for code in names}}
    after = {**changes, **({"names": names} if names else {})}
    if same := sorted(name for name, value in after.items() if before[name] == value):
        raise UsageFault(
            f"{', '.join(same)} would read as before.",
            code="change-nothing",
            hint="Ask only for what is to read otherwise.",
        )
