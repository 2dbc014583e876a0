"""Messages to be signed: read back exactly, or not signed at all (S16.4)."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from yinzheng.ledger.chain.approvals import PRESERVATION_NAME, Domain, Opening, Release, recover
from yinzheng.ledger.chain.records import OpeningKind
from yinzheng.ledger.disputes.signing import read_typed, sign_typed, typed_json
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.verifier.errors import DataFault

DOMAIN = Domain(77, b"\x05" * 20, PRESERVATION_NAME)
SIGNER = Account.from_key(b"\x07" * 32)
KEY = EthereumKey(bytes(SIGNER.key))
OPENING = Opening(
    case_id=b"\x01" * 32,
    root=b"\x02" * 32,
    kind=OpeningKind.PARTY,
    parties=(b"\x03" * 20, b"\x04" * 20),
    statement=b"\x05" * 32,
    records=(b"\x06" * 32,),
    consents=(b"\x07" * 32, b"\x08" * 32),
)
RELEASE = Release(b"\x01" * 32, b"\x09" * 32)


@pytest.mark.parametrize("decision", [OPENING, RELEASE])
def test_the_way_there_and_back(decision: Opening | Release) -> None:
    sent = json.loads(json.dumps(typed_json(decision, DOMAIN)))
    assert read_typed(sent) == (decision, DOMAIN)
    signature = sign_typed(sent, KEY)
    assert recover(decision, DOMAIN, signature) == bytes.fromhex(SIGNER.address[2:])
    # Any wallet signs the same message the same way.
    assert bytes(SIGNER.sign_message(encode_typed_data(full_message=sent)).signature) == signature


def changed(path: str, value: Any) -> Any:
    message = copy.deepcopy(typed_json(OPENING, DOMAIN))
    *parents, last = path.split(".")
    place: Any = message
    for name in parents:
        place = place[int(name)] if isinstance(place, list) else place[name]
    place[int(last) if isinstance(place, list) else last] = value
    return message


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        {},
        changed("primaryType", "Release"),
        changed("primaryType", "Permit"),
        changed("types.Opening", []),
        changed("types.Permit", []),
        changed("domain.name", "Yinzheng RightsRegistry"),
        changed("domain.version", "2"),
        changed("domain.salt", "0x00"),
        changed("message.kind", 3),
        changed("message.kind", "2"),
        changed("message.caseId", "01" * 32),
        changed("message.caseId", "0X" + "01" * 32),
        changed("message.caseId", "0x" + "AA" * 32),
        changed("message.parties", "0x" + "03" * 20),
        changed("message.more", 1),
    ],
)
def test_what_is_not_exactly_such_a_message(message: object) -> None:
    with pytest.raises(DataFault) as caught:
        sign_typed(message, KEY)
    assert caught.value.code == "approval-message"
