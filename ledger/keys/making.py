"""Making keys: those of a new registry, in the keystore or in a token, and single ones in a token later."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from yinzheng.ledger.keys.keystore import Keystore, is_key_name
from yinzheng.ledger.keys.pkcs11 import Pkcs11Provider, kind_of, make_in_token, require_possible
from yinzheng.ledger.keys.provider import KEK, KINDS, VALIDATOR, KeyProvider
from yinzheng.ledger.keys.token import open_token
from yinzheng.ledger.keys.token_config import TokenConfig, TokenSm2, read_config
from yinzheng.ledger.state.instance import Paths
from yinzheng.ledger.state.lock import writer_lock
from yinzheng.verifier.errors import UsageFault


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


def add_to_token(paths: Paths, keystore: Keystore, plan: TokenPlan) -> TokenConfig:
    """Make keys in a token for a registry that exists; returns what lies there now.

    The key-encryption key is replaced at once: what is wrapped from now on needs the token, what was wrapped
    before needs the keystore's until `rewrap_registry`. Other keys of the registry are known to the chain,
    the log's readers and the trust policies by their public half, so only new names are taken.

    Raises `UsageFault` (`key-in-use`, `key-name`, `token-another`), `EnvironmentFault` (`state-locked`,
    `key-mechanism`, `token-…`).
    """
    with writer_lock(paths):
        config = read_config(paths.keys)
        if config is None:
            config = TokenConfig(plan.module, plan.label, plan.serial, plan.sm2)
        elif (plan.module, plan.label) != (config.module, config.label):
            raise UsageFault(
                "keys of this registry lie in another token already",
                code="token-another",
                hint=f"one registry uses one token: {config.label}, through {config.module}",
            )
        for name in plan.names:
            _require_new(keystore, name)
        token = open_token(config, plan.pin)
        config = replace(config, serial=token.serial)
        for name in plan.names:
            require_possible(config, token, name)
        for name in plan.names:
            config = make_in_token(config, token, name)
            config.write(paths.keys)  # at once: the key is there
        return config


def _require_new(keystore: Keystore, name: str) -> None:
    if not is_key_name(name):
        raise UsageFault("a key's name is a slug of a-z, 0-9 and hyphens", code="key-name")
    if name != KEK and name != VALIDATOR and (name in KINDS or name in keystore.names()):
        raise UsageFault(
            f"the key {name} is known to others by its public half; a new one would be a stranger",
            code="key-in-use",
            hint="choose the token when the registry is created: yinzheng init --in-token NAME",
        )
