"""SM2 by a vendor's mechanism, in a token made of Python: SoftHSM2 has none.

What the fake shows is that we speak to such a token as configured, and that one which signs in another way
is found out before its key is used. It cannot show that any vendor's token works.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest
from gmssl import sm2 as gmssl_sm2
from pkcs11 import Attribute, MechanismInvalid, ObjectClass

from yinzheng.ledger.keys.keystore import Keystore
from yinzheng.ledger.keys.pkcs11 import Pkcs11Provider, make_in_token
from yinzheng.ledger.keys.provider import ISSUER
from yinzheng.ledger.keys.token import Gate, Token
from yinzheng.ledger.keys.token_config import SM2_CURVE, TokenConfig, TokenSm2
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.errors import EnvironmentFault

GENERATE, SIGN, KEY_TYPE = 0x80001001, 0x80001002, 0x80001003
CONFIG = TokenConfig("/vendor/lib.so", "registry", "1", TokenSm2(GENERATE, SIGN, KEY_TYPE, "digest"))


@dataclass
class FakeToken:
    """A token that knows the vendor's SM2. `takes`: what it expects; `encoding`: how it gives points."""

    takes: str = "digest"
    encoding: bytes = b"\x04\x41"
    keys: list[Any] = field(default_factory=list)

    @property
    def token(self) -> FakeToken:
        return self

    @property
    def slot(self) -> SimpleNamespace:
        return SimpleNamespace(get_mechanisms=lambda: {GENERATE, SIGN})

    @contextmanager
    def open(self, rw: bool = False) -> Iterator[FakeToken]:
        assert rw
        yield self

    def create_domain_parameters(self, key_type: int, attrs: dict[Any, Any], local: bool) -> FakeToken:
        assert (int(key_type), attrs, local) == (KEY_TYPE, {Attribute.EC_PARAMS: SM2_CURVE}, True)
        return self

    def generate_keypair(self, mechanism: int, private_template: dict[Any, Any], **named: Any) -> Any:
        assert mechanism == GENERATE
        key = FakeKey(self, Sm2PrivateKey.generate(), private_template, named["id"])
        self.keys.append(key)
        return {Attribute.EC_POINT: self.encoding + key.secret.public_key.point}, key

    def get_objects(self, attrs: dict[Any, Any]) -> Iterator[Any]:
        assert attrs.get(Attribute.CLASS, ObjectClass.PRIVATE_KEY) == ObjectClass.PRIVATE_KEY
        return iter([key for key in self.keys if key.id == attrs[Attribute.ID]])


@dataclass(eq=False)
class FakeKey:
    token: FakeToken
    secret: Sm2PrivateKey
    template: dict[Any, Any]
    id: bytes

    def __getitem__(self, attribute: Attribute) -> Any:
        return self.template[attribute]

    def sign(self, data: bytes, mechanism: int) -> bytes:
        if mechanism != SIGN:
            raise MechanismInvalid
        if self.token.takes == "message":
            return self.secret.sign(data)
        assert len(data) == 32
        point = self.secret.public_key.point[1:].hex()
        machine = gmssl_sm2.CryptSM2(private_key=self.secret.secret_bytes().hex(), public_key=point)
        return bytes.fromhex(machine.sign(data, secrets.token_hex(31)))

    def destroy(self) -> None:
        self.token.keys.remove(self)


def token_of(fake: FakeToken) -> Token:
    session: Any = fake
    return Token(session, ("/vendor/lib.so", "1"), Gate())


@pytest.mark.parametrize("encoding", [b"\x04\x41", b"\x03\x42\x00", b""])
@pytest.mark.parametrize("takes", ["digest", "message"])
def test_signs_as_configured(
    monkeypatch: pytest.MonkeyPatch, takes: str, encoding: bytes, tmp_path: Any
) -> None:
    fake = FakeToken(takes, encoding)
    token = token_of(fake)
    config = replace(CONFIG, sm2=TokenSm2(GENERATE, SIGN, KEY_TYPE, takes))
    config = make_in_token(config, token, ISSUER)
    monkeypatch.setattr("yinzheng.ledger.keys.pkcs11.open_token", lambda *_: token)
    keystore = Keystore.create(tmp_path / "keys", b"p" * 12)
    key = Pkcs11Provider(keystore, config, lambda: "pin").sm2(ISSUER)
    assert key.public_key == fake.keys[0].secret.public_key
    assert key.public_key.verify(b"certificate", key.sign(b"certificate"))
    assert key.public_key.verify_der(b"certificate", key.sign_der(b"certificate"))
    with pytest.raises(EnvironmentFault, match="never leaves"):
        key.secret_bytes()
    fake.keys[0].secret = Sm2PrivateKey.generate()
    with pytest.raises(EnvironmentFault) as caught:
        key.sign(b"certificate")
    assert caught.value.code == "key-differs"


@pytest.mark.parametrize(
    ("fake", "how"),
    [
        (FakeToken("message"), CONFIG.sm2),
        (FakeToken(), TokenSm2(GENERATE, GENERATE, KEY_TYPE, "digest")),
        (FakeToken(encoding=b"\x30\x41"), CONFIG.sm2),
        (FakeToken(), TokenSm2(GENERATE, 0x80009999, KEY_TYPE, "digest")),
    ],
    ids=["signs in another way", "no mechanism for it", "a point in another form", "not offered"],
)
def test_what_does_not_verify_is_refused_and_destroyed(fake: FakeToken, how: TokenSm2) -> None:
    with pytest.raises(EnvironmentFault) as caught:
        make_in_token(replace(CONFIG, sm2=how), token_of(fake), ISSUER)
    assert caught.value.code == "key-mechanism"
    assert fake.keys == []
