"""The file of a proof for one reader (S21.5): what was signed, the certificate, and whose the key is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.bytes.canonical import (
    Check,
    constant,
    dumps,
    hex_bytes,
    loads,
    names_format,
    read_object,
)
from yinzheng.verifier.containers import certfile, holderfile
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.purpose_proof import PurposeProof, parse_proof

FORMAT: Final = "yinzheng/purpose-proof/1"

MAX_FILE: Final = certfile.MAX_FILE + holderfile.MAX_FILE + 16_384
"""Bytes of a proof."""


@dataclass(frozen=True, slots=True)
class ProofFile:
    """A proof with all that it rests on, well formed; nothing is verified yet."""

    proof: PurposeProof
    kid: bytes
    signature: bytes
    certificate: bytes
    """The certificate's file (S6.5)."""
    holder: holderfile.HolderFile


def is_purpose_proof(data: bytes) -> bool:
    """Whether bytes are JSON that calls itself a proof for one reader; its form is not read here."""
    return names_format(data, FORMAT, MAX_FILE)


def parse_purpose_proof(data: bytes) -> ProofFile:
    """Read a proof. Raises `DataFault`: a code of the part that is malformed, `proof-term`, `proof-self`."""
    fields = read_object(loads(data, max_bytes=MAX_FILE), _FILE)
    return ProofFile(
        fields["proof"],
        fields["kid"],
        fields["signature"],
        dumps(fields["certificate"]),
        holderfile.parse_holder_file(dumps(fields["holder"])),
    )


def format_purpose_proof(
    proof: PurposeProof, key: Sm2PrivateKey, *, certificate: bytes, holder: bytes
) -> bytes:
    """Sign and write a proof, with certificate file and holder file. Raises as `parse_purpose_proof`."""
    data = dumps(
        {
            "format": FORMAT,
            "proof": proof.to_json(),
            "kid": key_id(key.public_key.point).hex(),
            "signature": key.sign(proof.message).hex(),
            "certificate": loads(certificate, max_bytes=certfile.MAX_FILE),
            "holder": loads(holder, max_bytes=holderfile.MAX_FILE),
        }
    )
    parse_purpose_proof(data)
    return data


def _object(value: object, path: str) -> dict[str, Any]:
    """A file within this one, which its own reader reads."""
    if type(value) is not dict:
        raise DataFault(f"{path} is not an object", code="field-type", path=path)
    return value


_FILE: Final[dict[str, Check[Any]]] = {
    "format": constant(FORMAT),
    "proof": parse_proof,
    "kid": hex_bytes(8),
    "signature": hex_bytes(64),
    "certificate": _object,
    "holder": _object,
}
