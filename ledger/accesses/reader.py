"""Who opens or uses something, as an access line names them: authenticated, never a typed name (R47)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Self

from yinzheng.ledger.people.acting import Actor
from yinzheng.ledger.registry import Keeping, Registry
from yinzheng.verifier.formats.access import BEARER, ITSELF

COMMAND: Final = "command"
DESK: Final = "desk"
WEB: Final = "web"
"""The doors (S19.1); the web server's requests come by way of the desk."""

HOLDER: Final = "holder"
"""The function of who shows a receipt."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who acts, in what function, by which door (S19.1)."""

    organisation: str | None
    """Credit code; None: the holder of a receipt."""
    person: str
    function: str
    channel: str

    @classmethod
    def of_actor(cls, registry: Keeping, actor: Actor, channel: str = COMMAND) -> Self:
        """A person of the registry, whom the use case admits (`people.acting.admit`)."""
        return cls(registry.instance.registry_code, actor.person, actor.capacity.value, channel)

    @classmethod
    def of_organisation(cls, code: str, kid: bytes, function: str = "organisation") -> Self:
        """An organisation whose signed request was checked, by the id (8 bytes) of the key that signed."""
        return cls(code, kid.hex(), function, DESK)

    @classmethod
    def of_bearer(cls, channel: str = WEB) -> Self:
        """Whoever showed a receipt that was found right."""
        return cls(None, BEARER, HOLDER, channel)

    @classmethod
    def itself(cls, registry: Registry, channel: str = COMMAND) -> Self:
        """The registry, doing what its time has come for; no person asked."""
        return cls(registry.instance.registry_code, ITSELF, ITSELF, channel)

    def acting_as(self, function: str) -> Self:
        """The same, in the function that was established meanwhile, such as `recipient`."""
        return replace(self, function=function)
