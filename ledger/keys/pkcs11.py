"""A `KeyProvider` some of whose keys lie in a token (PKCS#11), the others in the keystore (D10).

Which lie where is decided when a key is made, and written down (`token_config.py`); what the token cannot do
is refused then (`key-mechanism`), after the new key has signed or wrapped something and it was checked. The
token is logged in to when the first key in it is asked for, so that work that needs none runs without it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from eth_account.signers.base import BaseAccount

from yinzheng.ledger.keys.provider import (
    KEK,
    KINDS,
    LOG_ED25519,
    LOG_SM2,
    VALIDATOR,
    EthereumKey,
    KeyProvider,
    KeyWrapper,
    Kind,
)
from yinzheng.ledger.keys.token import Token, open_token
from yinzheng.ledger.keys.token_config import SM2_CURVE, TokenConfig, TokenEntry, find_pin, read_config
from yinzheng.ledger.keys.token_keys import (
    TokenEd25519Key,
    TokenEthereumKey,
    TokenKeyWrapper,
    TokenSm2Key,
    vendor_key_type,
    vendor_mechanism,
)
from yinzheng.verifier.bytes.algorithms import Ed25519PrivateKey, Sm2PrivateKey
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault, YinzhengError
from yinzheng.verifier.log.note import NoteSigner

_SECP256K1 = bytes.fromhex("06052b8104000a")
_ED25519 = bytes.fromhex("06032b6570")
"""CKA_EC_PARAMS: the object identifiers 1.3.132.0.10 and 1.3.101.112."""
_POINT_BYTES: Final = {Kind.SECP256K1: 65, Kind.SM2: 65, Kind.ED25519: 32}
_PROBE = b"yinzheng: does this key work?"


class Pkcs11Provider:
    """Keys named in `config` live in its token, all others in `keystore`. See `KeyProvider`."""

    def __init__(self, keystore: KeyProvider, config: TokenConfig, pin: Callable[[], str]) -> None:
        """Use `pin` for the PIN, asked for at most once a login."""
        self._keystore = keystore
        self._config = config
        self._pin = pin
        self._handles: dict[str, tuple[Token, Any]] = {}

    def names(self) -> Sequence[str]:
        """The names of all keys, sorted."""
        return sorted({*self._keystore.names(), *(entry.name for entry in self._config.keys)})

    def sm2(self, name: str) -> Sm2PrivateKey:
        """See `KeyProvider`."""
        entry = self._entry(name, Kind.SM2)
        if entry is None:
            return self._keystore.sm2(name)
        token, handle = self._found(entry, Kind.SM2)
        return _sm2(token, handle, entry, self._config)

    def ed25519(self, name: str) -> Ed25519PrivateKey:
        """See `KeyProvider`."""
        entry = self._entry(name, Kind.ED25519)
        if entry is None:
            return self._keystore.ed25519(name)
        return TokenEd25519Key(*self._found(entry, Kind.ED25519), _public(entry))

    def ethereum(self, name: str) -> EthereumKey:
        """See `KeyProvider`."""
        entry = self._entry(name, Kind.SECP256K1)
        if entry is None:
            return self._keystore.ethereum(name)
        return TokenEthereumKey(*self._found(entry, Kind.SECP256K1), _public(entry))

    def wrapper(self, name: str = KEK) -> KeyWrapper:
        """See `KeyProvider`. One in the token still opens what the keystore's of the same name wrapped."""
        entry = self._entry(name, Kind.SM4)
        if entry is None:
            return self._keystore.wrapper(name)

        def earlier() -> KeyWrapper | None:
            return self._keystore.wrapper(name) if name in self._keystore.names() else None

        return TokenKeyWrapper(*self._found(entry, Kind.SM4), earlier)

    def account(self, name: str) -> BaseAccount:
        """See `KeyProvider`."""
        return self.ethereum(name).account()

    def log_signers(self, origin: str) -> list[NoteSigner]:
        """See `KeyProvider`."""
        return [NoteSigner(origin, self.ed25519(LOG_ED25519)), NoteSigner(origin, self.sm2(LOG_SM2))]

    def _entry(self, name: str, kind: Kind) -> TokenEntry | None:
        entry = self._config.entry(name)
        if entry is not None and kind_of(name) is not kind:
            raise DataFault(f"the key {name} is of another kind", code="key-kind")
        return entry

    def _found(self, entry: TokenEntry, kind: Kind) -> tuple[Token, Any]:
        known = self._handles.get(entry.name)
        if known is not None and known[0].alive:
            return known
        token = open_token(self._config, self._pin)
        found = self._handles[entry.name] = token, token.run(lambda session: _find(session, entry, kind))
        return found


def with_token(keystore: KeyProvider, folder: Path, environment: Mapping[str, str]) -> KeyProvider:
    """The keystore over `folder`, and the token its `pkcs11.json` names; without one the keystore alone."""
    config = read_config(folder)
    if config is None:
        return keystore
    return Pkcs11Provider(keystore, config, lambda: find_pin(environment))


def lone_key(config: TokenConfig, pin: Callable[[], str]) -> EthereumKey:
    """The one key that a person's configuration names; raises as `Pkcs11Provider.ethereum`."""
    (entry,) = config.keys
    token = open_token(config, pin)
    handle = token.run(lambda session: _find(session, entry, Kind.SECP256K1))
    return TokenEthereumKey(token, handle, _public(entry))


def kind_of(name: str) -> Kind:
    """What a key is by its name; a person's is secp256k1."""
    return KINDS.get(name, Kind.SECP256K1)


def make_in_token(config: TokenConfig, token: Token, name: str) -> TokenConfig:
    """Generate the key `name` inside the token, try it, and return the configuration that names it.

    Nothing is written: the caller does, once it wants the key. A key that fails its trial is destroyed.

    Raises `UsageFault` (`key-exists`, `key-secret-needed`), `EnvironmentFault` (`key-mechanism`, `token-…`).
    """
    kind = kind_of(name)
    if config.entry(name) is not None:
        raise UsageFault(f"the key {name} lies in the token already", code="key-exists")
    require_possible(config, token, name)
    entry = TokenEntry(name, f"yinzheng {name}", secrets.token_bytes(16), None)
    try:
        handle, public = token.run(lambda session: _generate(session, config, entry, kind))
        entry = replace(entry, public=public)
        _try(token, handle, entry, kind, config)
    except YinzhengError as fault:
        with suppress(EnvironmentFault):  # it may be gone altogether: the first fault is the one to tell
            token.run(lambda session: _destroy(session, entry))
        if fault.code.startswith("token-") and fault.code != "token-failed":
            raise
        raise _unable(name, fault.message) from None
    return config.with_key(entry)


def require_possible(config: TokenConfig, token: Token, name: str) -> None:
    """Refuse what the token, or any token, cannot hold, before anything is made."""
    if name == VALIDATOR:
        raise UsageFault(
            "the embedded chain's sealer needs its key in memory, and a token gives none out",
            code="key-secret-needed",
            hint="keep it in the keystore; a network of your own nodes keeps its validators' keys itself",
        )
    kind = kind_of(name)
    if kind is Kind.SM2 and config.sm2 is None:
        raise _unable(name, "PKCS#11 has no SM2, and no mechanism of the vendor's is configured")
    missing = _needed(config, kind) - token.mechanisms()
    if missing:
        listed = ", ".join(f"0x{number:08X}" for number in sorted(missing))
        raise _unable(name, f"it does not offer {listed}")


def _needed(config: TokenConfig, kind: Kind) -> frozenset[int]:
    from pkcs11 import Mechanism

    if kind is Kind.SM2 and config.sm2 is not None:
        return frozenset((config.sm2.generate, config.sm2.sign))
    pairs = {
        Kind.SM4: (Mechanism.AES_KEY_GEN, Mechanism.AES_GCM),
        Kind.SECP256K1: (Mechanism.EC_KEY_PAIR_GEN, Mechanism.ECDSA),
        Kind.ED25519: (Mechanism.EC_EDWARDS_KEY_PAIR_GEN, Mechanism.EDDSA),
    }
    return frozenset(int(mechanism) for mechanism in pairs[kind])


def _generate(session: Any, config: TokenConfig, entry: TokenEntry, kind: Kind) -> tuple[Any, bytes | None]:
    """Make the key for good; the handle that uses it, and its public half."""
    from pkcs11 import Attribute, KeyType, MechanismFlag

    named: dict[str, Any] = {"label": entry.label, "id": entry.id, "store": True}
    locked = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
    with session.token.open(rw=True) as writing:  # logged in as the process is
        if kind is Kind.SM4:
            uses = MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT
            writing.generate_key(KeyType.AES, 256, capabilities=uses, template=locked, **named)
            return _find(session, entry, kind), None
        curve, key_type, mechanism = _family(config, kind)
        domain = writing.create_domain_parameters(key_type, {Attribute.EC_PARAMS: curve}, local=True)
        public, _ = domain.generate_keypair(
            mechanism=mechanism,
            capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
            private_template=locked,
            **named,
        )
        point = _bare_point(bytes(public[Attribute.EC_POINT]), _POINT_BYTES[kind])
    return _find(session, entry, kind), point


def _family(config: TokenConfig, kind: Kind) -> tuple[bytes, Any, Any]:
    """Curve, key type and mechanism that make a pair of this kind."""
    from pkcs11 import KeyType, Mechanism

    if kind is Kind.SM2 and config.sm2 is not None:
        return SM2_CURVE, vendor_key_type(config.sm2.key_type), vendor_mechanism(config.sm2.generate)
    if kind is Kind.ED25519:
        return _ED25519, KeyType.EC_EDWARDS, Mechanism.EC_EDWARDS_KEY_PAIR_GEN
    return _SECP256K1, KeyType.EC, Mechanism.EC_KEY_PAIR_GEN


def _bare_point(encoded: bytes, size: int) -> bytes:
    """The point itself: tokens wrap it as OCTET STRING, as BIT STRING, or not at all."""
    for prefix in (b"", bytes((0x04, size)), bytes((0x03, size + 1, 0))):
        if encoded.startswith(prefix) and len(encoded) == len(prefix) + size:
            return encoded[len(prefix) :]
    raise EnvironmentFault("the token gives the public key in an unknown form", code="key-mechanism")


def _find(session: Any, entry: TokenEntry, kind: Kind) -> Any:
    """The handle of the key, provided that it can never leave the token."""
    from pkcs11 import Attribute, ObjectClass

    wanted = ObjectClass.SECRET_KEY if kind is Kind.SM4 else ObjectClass.PRIVATE_KEY
    found = list(session.get_objects({Attribute.CLASS: wanted, Attribute.ID: entry.id}))
    if len(found) != 1:
        raise EnvironmentFault(
            f"the token does not hold the key {entry.name}",
            code="key-missing",
            hint="connect the token it was made in, or one its backup was restored to",
            name=entry.name,
        )
    if found[0][Attribute.EXTRACTABLE] or not found[0][Attribute.SENSITIVE]:
        raise EnvironmentFault(
            f"the token would give the key {entry.name} away",
            code="key-extractable",
            hint="it is not the key this program made there; find out who replaced it",
        )
    return found[0]


def _destroy(session: Any, entry: TokenEntry) -> None:
    from pkcs11 import Attribute

    with session.token.open(rw=True) as writing:
        for item in list(writing.get_objects({Attribute.ID: entry.id})):
            item.destroy()


def _try(token: Token, handle: Any, entry: TokenEntry, kind: Kind, config: TokenConfig) -> None:
    """Use the key once; each kind checks its own signatures."""
    if kind is Kind.SM4:
        wrapper = TokenKeyWrapper(token, handle, lambda: None)
        if wrapper.unwrap(wrapper.wrap(_PROBE, entry.id), entry.id) != _PROBE:
            raise DataFault("what it wraps does not open", code="seal-broken")
    elif kind is Kind.SM2:
        _sm2(token, handle, entry, config).sign(_PROBE)
    elif kind is Kind.ED25519:
        TokenEd25519Key(token, handle, _public(entry)).sign(_PROBE)
    else:
        TokenEthereumKey(token, handle, _public(entry)).sign_digest(_PROBE.ljust(32, b"\0"))


def _sm2(token: Token, handle: Any, entry: TokenEntry, config: TokenConfig) -> TokenSm2Key:
    if config.sm2 is None:
        raise DataFault("the configuration names an SM2 key and no way to use it", code="key-kind")
    return TokenSm2Key(token, handle, _public(entry), config.sm2)


def _public(entry: TokenEntry) -> bytes:
    if entry.public is None:
        raise DataFault(f"the configuration lacks the public half of {entry.name}", code="key-kind")
    return entry.public


def _unable(name: str, why: str) -> EnvironmentFault:
    return EnvironmentFault(
        f"the token cannot hold the key {name}: {why}",
        code="key-mechanism",
        hint="keep this key in the keystore, or use a token whose documentation lists the mechanism",
        name=name,
    )
