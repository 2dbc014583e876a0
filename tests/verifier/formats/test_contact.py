"""How a registry is reached: read strictly, named on pages and papers, and no part of what is believed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.verifier.world import trust
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.contact import Contact, check_contact, contact_of
from yinzheng.verifier.words.fingerprint import fingerprint
from yinzheng.verifier.words.speaker import LABELS, in_one_line, speaker

WHOLE = {
    "telephone": "020-0000-0000",
    "email": "registry@example.org",
    "address": "广州市示例路1号",
    "complaints": "省数据局，020-0000-0001",
}


def test_what_is_named_comes_back() -> None:
    for value in (WHOLE, {"telephone": "1"}):
        assert check_contact(value, "contact").to_json() == value
    assert contact_of(telephone=None, email=None) is None
    assert contact_of(telephone="1", email=None) == Contact(telephone="1")
    assert set(WHOLE) == set(LABELS)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({}, "contact-empty"),
        ({**WHOLE, "fax": "1"}, "field-unknown"),
        ({"telephone": ""}, "field-value"),
        ({"telephone": "1" * 101}, "field-value"),
        ({"telephone": 1}, "field-type"),
        ({"address": "路\u202e1"}, "field-value"),
        ([], "field-type"),
    ],
)
def test_anything_else_is_refused(value: Any, code: str) -> None:
    with pytest.raises(DataFault) as caught:
        check_contact(value, "contact")
    assert caught.value.code == code


def test_a_policy_names_it_and_keeps_its_fingerprint() -> None:
    with_it = trust(lambda policy: policy.update(contact=WHOLE))
    assert with_it.contact == Contact(**WHOLE)
    assert fingerprint(with_it) == fingerprint(trust())
    told = speaker(with_it, "en")
    assert dict(told.contact) == {label.en: WHOLE[name] for name, label in LABELS.items()}
    assert told.fingerprint == fingerprint(trust()).said.en
    assert [one.name for one in told.registries] == ["广东省数据登记中心"]
    assert in_one_line(with_it.contact).startswith("电话 020-0000-0000 · 电子邮箱 ")
    assert (speaker(trust(), "zh").contact, in_one_line(None)) == ((), "")
