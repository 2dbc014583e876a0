"""The certificate's signed core, its QR text (S6.2–S6.4), and the statement that follows from it (S3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from yinzheng.verifier.bytes.algorithms import DigestPair
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.bytes.cose import (
    MAX_QR,
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
from yinzheng.verifier.chain.holdings import RIGHT_BITS
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.body import (
    CLASSES,
    IMPORTANCES,
    PROCEDURES,
    REMARKS,
    RIGHTS,
    SOURCES,
    TYPES,
    Body,
    check_body,
)
from yinzheng.verifier.formats.elision import COMFORTABLE_QR, ELIDED, fit, is_pair, read_pair
from yinzheng.verifier.log.statement import (
    CERTIFICATE_DEPOSITED,
    Statement,
    certificate_subject,
    deposit_statement,
)

__all__ = [
    "MAX_QR",
    "Core",
    "IssuerSigner",
    "decode_core",
    "decode_qr",
    "encode_qr",
    "is_qr_text",
    "key_id",
    "statement_of",
]

_WHOLE: Final = 17
_NOTICES: Final = 18
_FOLLOWS: Final = 19
_IMPORTANCE: Final = 20
_AUTHORITY: Final = 21
"""Keys of the fields that a certificate may lack (S6.1), ascending."""

_REQUIRED: Final = list(range(_WHOLE))

_AAD: Final = b"yinzheng/certificate/1"
_FORM: Final = qr_form(r"/[vV]/(?P<core>[A-Za-z2-7]*+[^/?#\s]*)")


@dataclass(frozen=True, slots=True)
class Core:
    """What a QR code says and who is said to have signed it. Well formed; nothing is verified yet."""

    body: Body
    """A text that gave way to its digest is `ELIDED` here."""
    elided: Mapping[str, bytes]
    """Path (`limits`, `remarks[0].text`, `scale`) → `SM3 || SHA-256` of the text's UTF-8."""
    declared: bytes | None
    """`SM3 || SHA-256` of the whole canonical body, present when something is elided."""
    kid: bytes
    """First 8 bytes of SHA-256 of the issuer's public key."""
    signed: bytes
    """The bytes the signature covers (RFC 9052 section 4.4)."""
    signature: bytes
    """Raw `r || s`, 64 bytes."""

    def commitment(self) -> DigestPair:
        """The digest pair of the whole body: as declared, else computed (S6.4)."""
        if self.declared is None:
            return self.body.commitment()
        return read_pair(self.declared)

    def statement(self) -> Statement:
        """The deposit statement that follows from the certificate (S3.4)."""
        return Statement(
            type=CERTIFICATE_DEPOSITED,
            profile=self.body.profile,
            subject=certificate_subject(self.body.number),
            at=self.body.registered_at,
            commitment=self.commitment(),
            prev=self.body.prev,
            by="registry",
        )


def statement_of(body: Body) -> Statement:
    """The deposit statement that follows from a body (S3.4)."""
    return deposit_statement(
        number=body.number,
        profile=body.profile,
        registered_at=body.registered_at,
        body=body.canonical(),
        prev=body.prev,
    )


# Writing


def encode_qr(body: Body, signer: IssuerSigner, host: str) -> str:
    """The QR text of a certificate, signed (S6.2–S6.4).

    Raises `UsageFault` `qr-too-long` when even with digests it passes `MAX_QR` characters, `qr-host` when
    `host` cannot stand in a URL.
    """
    prefix = qr_prefix(host, "/V/")
    protected = protected_header(key_id(signer.public_key.point))
    payload = fit(
        _to_cbor(body),
        _free_texts(body),
        _elide,
        whole=(_WHOLE, body.commitment()),
        protected=protected,
        room=COMFORTABLE_QR - len(prefix),
    )
    qr = prefix + to_base32(envelope(protected, payload, signer.sign(to_sign(protected, payload, _AAD))))
    if len(qr) > MAX_QR:
        raise UsageFault(
            f"the QR text would have {len(qr)} characters, more than {MAX_QR}",
            code="qr-too-long",
            hint="Shorten the names of the holders, or register fewer holders on one certificate.",
        )
    return qr


def _free_texts(body: Body) -> list[tuple[str, str]]:
    """The texts that may give way, in the order of S6.4."""
    remarks = [(f"remarks[{at}].text", remark.text) for at, remark in enumerate(body.remarks)]
    return [("limits", body.limits), *remarks, ("scale", body.scale)]


def _elide(fields: dict[int, Any], path: str, digest: bytes) -> None:
    if path == "limits":
        fields[6] = digest
    elif path == "scale":
        fields[11] = digest
    else:
        fields[15][int(path[8])][1] = digest


def _to_cbor(body: Body) -> dict[int, Any]:
    """The payload's map (S6.1), nothing elided."""
    optional: dict[int, Any] = {}
    if body.notices:
        optional[_NOTICES] = list(body.notices)
    if body.follows:
        optional[_FOLLOWS] = [[one.number, one.leaf] for one in body.follows]
    if body.importance:
        optional[_IMPORTANCE] = IMPORTANCES.index(body.importance) + 1
    if body.authority:
        optional[_AUTHORITY] = body.authority
    return {
        0: 1,
        1: body.number,
        2: TYPES.index(body.type) + 1,
        3: body.profile,
        4: PROCEDURES.index(body.procedure) + 1,
        5: [[h.name, h.code, sum(RIGHT_BITS[right] for right in h.rights)] for h in body.holders],
        6: body.limits,
        7: body.asset,
        8: CLASSES.index(body.data_class) + 1,
        9: [body.level.scheme, body.level.value],
        10: SOURCES.index(body.source) + 1,
        11: body.scale,
        12: [body.registry.name, body.registry.code],
        13: body.registered_at,
        14: body.valid_until,
        15: [[REMARKS.index(remark.kind) + 1, remark.text] for remark in body.remarks],
        16: body.prev,
        **optional,
    }


# Reading


def is_qr_text(text: str) -> bool:
    """Whether a text has the form of ours, so that among several codes the right one is read."""
    return is_form(text, _FORM)


def decode_qr(qr: str) -> Core:
    """Read a QR text, or the path of its address, strictly (S6.2, S6.3). The host means nothing.

    Raises `DataFault`: `qr-too-long`, `qr-foreign` (not the form of ours), `qr-scheme`, `qr-alphabet`,
    `qr-bits` (a length or last bits that no encoder gives), or what `decode_core` raises.
    """
    hint = "Scan the code on the certificate itself; its text has the form HTTPS://…/V/…."
    return decode_core(from_base32(match_qr(qr, _FORM, "certificate", hint)["core"]))


def decode_core(core: bytes) -> Core:
    """Read a core (S6.2) strictly: one encoding alone is accepted.

    Raises `DataFault`: `core-malformed` (not the COSE structure, or not deterministic CBOR), `core-payload`
    (the payload is not a body of S6.1), with the reason in its message.
    """
    found = open_core(core, _AAD)
    body, elided, declared = _read_payload(found.payload)
    return Core(body, elided, declared, found.kid, found.signed, found.signature)


def _read_payload(payload: bytes) -> tuple[Body, dict[str, bytes], bytes | None]:
    fields = load_fields(payload)
    names, whole = list(fields), _WHOLE not in fields
    if names[:_WHOLE] != _REQUIRED or names[-1] > _AUTHORITY:
        raise payload_fault("has not exactly the fields of a certificate")
    try:
        elided = _take_elided(fields)
        value = _to_json(fields)
    except (TypeError, ValueError, IndexError):
        raise payload_fault("has a field of the wrong type") from None
    declared = None if whole else fields[_WHOLE]
    if whole == bool(elided) or not (whole or is_pair(declared)):
        raise payload_fault("has digests in place of texts, but not that of the whole, or the reverse")
    try:
        return check_body(value), elided, declared
    except DataFault as fault:
        raise DataFault(
            f"the certificate's content is malformed: {fault.message}", code="core-payload", reason=fault.code
        ) from fault


def _take_elided(fields: dict[int, Any]) -> dict[str, bytes]:
    """Put `ELIDED` where a text gave way to its digest, and return the digests by path."""
    elided = {}
    for key, path in ((6, "limits"), (11, "scale")):
        if is_pair(fields[key]):
            elided[path], fields[key] = fields[key], ELIDED
    for at, remark in enumerate(_list(fields[15])):
        if is_pair(_list(remark, 2)[1]):
            elided[f"remarks[{at}].text"], remark[1] = remark[1], ELIDED
    return elided


def _to_json(fields: dict[int, Any]) -> JSON:
    """The JSON of S6.1 for a payload's map; types of leaves are left to the body's own check."""
    optional: dict[str, JSON] = {}
    if _NOTICES in fields:
        optional["notices"] = [bytes.hex(leaf) for leaf in _list(fields[_NOTICES])]
    if _FOLLOWS in fields:
        optional["follows"] = [
            {"number": number, "leaf": bytes.hex(leaf)}
            for number, leaf in (_list(one, 2) for one in _list(fields[_FOLLOWS]))
        ]
    if _IMPORTANCE in fields:
        optional["importance"] = _name(IMPORTANCES, fields[_IMPORTANCE])
    if _AUTHORITY in fields:
        optional["authority"] = fields[_AUTHORITY]
    holders: list[JSON] = []
    for holder in _list(fields[5]):
        name, code, rights = _list(holder, 3)
        holders.append({"name": name, "code": code, "rights": _names(rights)})
    return {
        "v": fields[0],
        "number": fields[1],
        "type": _name(TYPES, fields[2]),
        "profile": fields[3],
        "procedure": _name(PROCEDURES, fields[4]),
        "holders": holders,
        "limits": fields[6],
        "asset": fields[7],
        "class": _name(CLASSES, fields[8]),
        "level": _pair("scheme", "value", fields[9]),
        "source": _name(SOURCES, fields[10]),
        "scale": fields[11],
        "registry": _pair("name", "code", fields[12]),
        "registered_at": fields[13],
        "valid_until": fields[14],
        "remarks": [{"kind": _name(REMARKS, kind), "text": text} for kind, text in fields[15]],
        "prev": bytes.hex(fields[16]),
        **optional,
    }


def _pair(first: str, second: str, item: Any) -> dict[str, JSON]:
    one, two = _list(item, 2)
    return {first: one, second: two}


def _list(item: Any, size: int | None = None) -> list[Any]:
    if type(item) is not list or (size is not None and len(item) != size):
        raise ValueError
    return item


def _name(names: tuple[str, ...], number: object) -> str:
    if type(number) is not int or number < 1:
        raise ValueError
    return names[number - 1]


def _names(bits: object) -> list[JSON]:
    if type(bits) is not int or bits not in _RIGHTS_OF:
        raise ValueError
    return list(_RIGHTS_OF[bits])


_RIGHTS_OF: Final = {
    bits: [right for at, right in enumerate(RIGHTS) if bits >> at & 1] for bits in range(1, 1 << len(RIGHTS))
}
