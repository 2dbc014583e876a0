"""A person's key in their own token (PKCS#11): it signs decisions there, and never leaves it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ledger import world as w
from tests.ledger.keys.softhsm import LABEL, MODULE, PIN, Hsm, needs_softhsm
from tests.ledger.world import KEEPER, World, actor_of
from yinzheng.ledger.cases import deciding, publicity
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys import personal
from yinzheng.ledger.keys.token_config import TokenConfig
from yinzheng.ledger.people.acting import authenticate
from yinzheng.ledger.people.enrolling import enrol_person
from yinzheng.ledger.rules.states import Capacity
from yinzheng.verifier.errors import YinzhengError

pytestmark = [needs_softhsm, pytest.mark.token]


def test_an_officer_signs_with_a_token(hsm: Hsm, world: World, tmp_path: Path) -> None:
    file = tmp_path / "zhao-an.json"
    made = personal.make_key_in_token(file, "zhao-an", TokenConfig(MODULE, LABEL, ""), lambda: PIN.encode())
    assert PIN.encode() not in file.read_bytes()
    hsm.restart()
    key = personal.open_key(file, lambda: PIN.encode())
    assert key.address == made.address
    with pytest.raises(YinzhengError):
        key.secret_bytes()
    assert not personal.opens(file, PIN.encode())
    with world.open() as registry:
        enrol_person(registry, "zhao-an", Capacity.REGISTRY, key.address, actor_of(registry, KEEPER))
        settle(registry)
        case = w.to_reviewed(registry, tmp_path / "dossier")
        publicity.publish(registry, case, authenticate(registry.store, "zhao-an", key))
        settle(registry)
        assert w.state_of(registry, case) == "publicity"
        other = w.apply(registry, tmp_path / "other")
        deciding.request_supplement(registry, other, authenticate(registry.store, "zhao-an", key), ["样例"])
    with pytest.raises(YinzhengError) as caught:
        personal.change_passphrase(file, lambda: PIN.encode(), b"another passphrase")
    assert caught.value.code == "passphrase-token"
