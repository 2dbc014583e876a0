"""How a registry is reached is changed by an administrator, told at once, and audited."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ledger import world as w
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.state.contact import META, contact_in
from yinzheng.ledger.state.reaching import change_contact
from yinzheng.ledger.store import repository
from yinzheng.ledger.store.models import Meta
from yinzheng.verifier.errors import YinzhengError
from yinzheng.verifier.formats.contact import Contact, contact_of
from yinzheng.verifier.judge.trust import parse_trust


def changed(world: w.World, by: str = w.KEEPER, without: tuple[str, ...] = (), **ways: str) -> Contact:
    with world.open() as registry:
        return change_contact(registry, ways, without, w.actor_of(registry, by))


def refused(world: w.World, **options: Any) -> str:
    with pytest.raises(YinzhengError) as raised:
        changed(world, **options)
    return raised.value.code


def told(world: w.World) -> Contact | None:
    with open_reader(world.root, world.clock) as reader:
        return reader.trust().contact


def test_a_change_is_told_audited_and_keeps_the_fingerprint(world: w.World) -> None:
    with open_reader(world.root, world.clock) as reader:
        first = reader.trust()
        assert changed(world, telephone=" 020-8888 0000 ", email="office@registry.example")
        # Whoever read on all the while is told, too.
        assert reader.trust().contact == Contact("020-8888 0000", "office@registry.example")
        assert parse_trust(reader.trust_file()).issuers == first.issuers
    assert changed(world, telephone="020-8888 0001", without=("email",)) == Contact("020-8888 0001")
    assert told(world) == Contact("020-8888 0001")
    assert world.codes() == set()
    with world.open() as registry, registry.store.transaction() as session:
        assert contact_in(session, registry.instance) == Contact("020-8888 0001")
        repository.write_meta(session, {META: '{"telephone":"020-9999 9999"}'})
    assert world.codes() == {"contact-altered"}
    with world.open() as registry, registry.store.transaction() as session:
        row = session.get_one(Meta, META)
        session.delete(row)
    assert world.codes() == {"contact-altered"}


def test_what_is_no_contact_is_refused_and_changes_nothing(world: w.World) -> None:
    before = changed(world, telephone="020-8888 0000")
    for code, options in dict[str, dict[str, Any]](
        {
            "contact-blank": {"telephone": " \u3000 "},
            "contact-none": {"without": ("telephone",)},
            "contact-twice": {"telephone": "1", "without": ("telephone",)},
            "field-value": {"email": "x" * 101},
            "administrator-needed": {"telephone": "1", "by": w.OFFICER},
        }
    ).items():
        assert refused(world, **options) == code
        assert told(world) == before, code
    assert refused(world, telephone="020\n1") == "field-value"


@pytest.mark.parametrize("blank", ["", " ", "\t", "\u3000", "\u00a0 "])
def test_a_blank_text_is_no_way_to_reach_anybody(blank: str) -> None:
    with pytest.raises(YinzhengError) as raised:
        contact_of(telephone="020", address=blank)
    assert raised.value.code == "contact-blank"
    assert contact_of(telephone=None) is None
    assert contact_of(telephone=" 020 ") == Contact("020")
