"""The keys of a new registry: in the keystore, save those its operator wants in a token."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from ledger.keys.keystore import Keystore
from ledger.keys.pkcs11 import Pkcs11Provider, kind_of, make_in_token, require_possible
from ledger.keys.provider import KeyProvider
from ledger.keys.token import open_token
from ledger.keys.token_config import TokenConfig, TokenSm2
from verifier.errors import UsageFault


@dataclass(frozen=True, slots=True)
class TokenPlan:
    """Which of a new registry's keys are made in which token. `pin` gives its PIN when it is needed."""

    module: str
    label: str
    names: tuple[str, ...]
    pin: Callable[[], str]
    serial: str = ""
    sm2: TokenSm2 | None = None


def make_keys(folder: Path, keystore: Keystore, names: Iterable[str], plan: TokenPlan | None) -> KeyProvider:
    """Make a key of every name: those of `plan` in its token, the rest in the keystore over `folder`.

    What the token cannot hold is refused before any key is made. Raises as `make_in_token`; keys made in the
    token by then stay there, unused.
    """
    if plan is None:
        for name in names:
            keystore.generate(name, kind_of(name))
        return keystore
    known = tuple(names)
    for name in plan.names:
        if name not in known:
            raise UsageFault(
                f"there will be no key {name}", code="key-name", hint=f"One of: {', '.join(known)}."
            )
    config = TokenConfig(plan.module, plan.label, plan.serial, plan.sm2)
    token = open_token(config, plan.pin)
    config = replace(config, serial=token.serial)  # this one, whatever else will bear its label
    for name in plan.names:
        require_possible(config, token, name)
    for name in known:
        if name in plan.names:
            config = make_in_token(config, token, name)
        else:
            keystore.generate(name, kind_of(name))
    config.write(folder)
    return Pkcs11Provider(keystore, config, plan.pin)
