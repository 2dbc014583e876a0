"""The voucher of a licence: its signed core and its QR text (S6.8).

The code carries the whole body, or of its purposes the digest where it would grow too large to be read, so
that the statement follows from it without any server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.bytes.cose import (
    IssuerSigner,
    envelope,
    from_base32,
    is_form,
    key_id,
    load_fields,
    match_qr,
    open_core,
    payload_fault,
    protected_header,
    qr_form,
    qr_prefix,
    to_base32,
    to_sign,
)
from yinzheng.verifier.chain.terms import ACTS, RIGHTS, TERRITORY, bits_of, names_of_bits
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.elision import COMFORTABLE_QR, ELIDED, fit, is_pair, pair_bytes, read_pair
from yinzheng.verifier.formats.licence import Licence, given_statement, parse_licence
from yinzheng.verifier.log.statement import Statement

_AAD: Final = b"yinzheng/licence/1"
_FORM: Final = qr_form(r"/[lL]/(?P<core>[A-Za-z2-7]*+[^/?#\s]*)")
_PURPOSES: Final = 10
_WHOLE: Final = 18


@dataclass(frozen=True, slots=True)
class Voucher:
    """What a voucher's QR code says and who is said to have signed it. Well formed; nothing is verified."""

    body: Licence
    """Purposes that gave way to their digest are `ELIDED` here."""
    elided: Mapping[str, bytes]
    """`purposes` → `SM3 || SHA-256` of their UTF-8, where they gave way."""
    declared: bytes | None
    """`SM3 || SHA-256` of the whole canonical body, present when something is elided."""
    kid: bytes
    signed: bytes
    signature: bytes

    def commitment(self) -> DigestPair:
        """The digest pair of the whole body: as declared, else computed."""
        return self.body.commitment() if self.declared is None else read_pair(self.declared)

    def statement(self) -> Statement:
        """The statement that follows from the voucher."""
        return given_statement(self.body, self.commitment())


def encode_voucher(body: Licence, signer: IssuerSigner, host: str) -> str:
    """The QR text of a voucher, signed (S6.8); its fields' bounds keep it under `MAX_QR`.

    Raises `UsageFault` `qr-host`.
    """
    prefix = qr_prefix(host, "/L/")
    protected = protected_header(key_id(signer.public_key.point))
    payload = fit(
        _to_cbor(body),
        [("purposes", body.purposes)],
        lambda fields, _path, digest: fields.__setitem__(_PURPOSES, digest),
        whole=(_WHOLE, body.commitment()),
        protected=protected,
        room=COMFORTABLE_QR - len(prefix),
    )
    return prefix + to_base32(envelope(protected, payload, signer.sign(to_sign(protected, payload, _AAD))))


def is_voucher_text(text: str) -> bool:
    """Whether a text has the form of a voucher's, so that the right reader takes it."""
    return is_form(text, _FORM)


def decode_voucher(qr: str) -> Voucher:
    """Read a voucher's QR text, or the path of its address, strictly (S6.8). The host means nothing.

    Raises `DataFault`: `qr-…` as `certificate.decode_qr`, or what `decode_voucher_core` raises.
    """
    hint = "Scan the code on the voucher itself; its text has the form HTTPS://…/L/…."
    return decode_voucher_core(from_base32(match_qr(qr, _FORM, "voucher", hint)["core"]))


def decode_voucher_core(core: bytes) -> Voucher:
    """Read a core strictly: one encoding alone is accepted.

    Raises `DataFault`: `core-malformed`, `core-payload`, with the reason in its message.
    """
    found = open_core(core, _AAD)
    fields = load_fields(found.payload)
    whole = _WHOLE not in fields
    if list(fields) != list(range(_WHOLE if whole else _WHOLE + 1)):
        raise payload_fault("has not exactly the fields of a licence")
    declared = None if whole else fields[_WHOLE]
    elided = {"purposes": fields[_PURPOSES]} if is_pair(fields[_PURPOSES]) else {}
    if whole == bool(elided) or not (whole or is_pair(declared)):
        raise payload_fault(
            "has a digest in place of its purposes, but not that of the whole, or the reverse"
        )
    if elided:
        fields[_PURPOSES] = ELIDED
    try:
        body = parse_licence(_to_json(fields))
    except (TypeError, ValueError, IndexError):
        raise payload_fault("has a field of the wrong type") from None
    except DataFault as fault:
        raise DataFault(
            f"the voucher's content is malformed: {fault.message}", code="core-payload", reason=fault.code
        ) from fault
    return Voucher(body, elided, declared, found.kid, found.signed, found.signature)


def _to_cbor(body: Licence) -> dict[int, Any]:
    """The payload's map (S6.8), nothing elided."""
    return {
        0: 1,
        1: body.number,
        2: body.profile,
        3: body.registration,
        4: [body.certificate.number, body.certificate.leaf],
        5: [body.licensor.name, body.licensor.code],
        6: [body.licensee.name, body.licensee.code],
        7: bits_of(body.rights, RIGHTS),
        8: bits_of(body.acts, ACTS),
        9: bits_of(body.territory, TERRITORY),
        _PURPOSES: body.purposes,
        11: body.exclusive,
        12: body.begins,
        13: body.ends,
        14: [body.registry.name, body.registry.code],
        15: body.registered_at,
        16: pair_bytes(body.request),
        17: body.prev,
    }


def _to_json(fields: Mapping[int, Any]) -> JSON:
    """The JSON of S6.6 for a payload's map; types of leaves are left to the body's own check."""
    number, leaf = _pair(fields[4])
    if not is_pair(fields[16]):
        raise ValueError
    return {
        "v": fields[0],
        "number": fields[1],
        "profile": fields[2],
        "registration": fields[3],
        "certificate": {"number": number, "leaf": bytes.hex(leaf)},
        "licensor": _party(fields[5]),
        "licensee": _party(fields[6]),
        "rights": _names(fields[7], RIGHTS),
        "acts": _names(fields[8], ACTS),
        "territory": _names(fields[9], TERRITORY),
        "purposes": fields[_PURPOSES],
        "exclusive": fields[11],
        "begins": fields[12],
        "ends": fields[13],
        "registry": _party(fields[14]),
        "registered_at": fields[15],
        "request": read_pair(fields[16]).to_json(),
        "prev": bytes.hex(fields[17]),
    }


def _pair(item: Any) -> tuple[Any, Any]:
    if type(item) is not list or len(item) != 2:
        raise ValueError
    return item[0], item[1]


def _party(item: Any) -> dict[str, JSON]:
    name, code = _pair(item)
    return {"name": name, "code": code}


def _names(bits: object, order: tuple[str, ...]) -> list[JSON]:
    if type(bits) is not int:
        raise ValueError
    return list(names_of_bits(bits, order))
