"""Vectors of what a holder signs for others (S21): a challenge with its answer, under a policy and a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.verifier.holder_world import (
    HOLDERS,
    HOLDERS_CODE,
    SECOND,
    HolderWorld,
    answered,
    challenge,
    enrolment_body,
)
from tests.verifier.world import DAY, HOSPITAL, NOW, trust_json
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.bytes.sm2 import Sm2Backend
from yinzheng.verifier.containers.prooffile import format_purpose_proof
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.purpose_proof import Proved, PurposeProof
from yinzheng.verifier.log.note import NoteSigner


def _proof(world: HolderWorld, key: Sm2PrivateKey) -> bytes:
    """For a bank, of the certificate beside it."""
    about = Proved(world.body.number, world.statement.leaf_hash)
    reader, fields = Party("某银行（虚构）", SECOND["code"]), ("asset", "scale")
    made = PurposeProof(
        about, Party(**HOSPITAL), reader, "financing", "流动资金贷款", fields, NOW - 60, NOW + DAY
    )
    certificate, holder = (json.dumps(one).encode() for one in (world.file(), world.holder_file()))
    return format_purpose_proof(made, key, certificate=certificate, holder=holder)


def make(fixed: Sm2Backend, issuer: Sm2PrivateKey, log: Sequence[NoteSigner]) -> dict[str, Any]:
    """The certificate, whose the holder's key is, and what it signed."""
    key = Sm2PrivateKey.from_bytes(bytes(range(5, 37)), fixed)
    told = [("organisation.enrolled", enrolment_body(key))]
    world = HolderWorld(signer=issuer, log_signers=log, told=told)
    asked = challenge()
    said = answered(asked, key)
    policy = trust_json()
    policy["chain"]["contracts"]["holders"] = {"address": HOLDERS.hex(), "code_hash": HOLDERS_CODE.hex()}
    return {
        "now": NOW,
        "trust": json.loads(json.dumps(policy)),
        "certificate": world.file(),
        "holder": world.holder_file(),
        "challenge": asked.to_json(),
        "challenge_text": asked.text,
        "answer": said.to_json(),
        "answer_text": said.text,
        "signed": said.message.decode(),
        "proof": json.loads(_proof(world, key)),
    }
