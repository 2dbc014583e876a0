"""The trust policy (S8): what the reader pins, and answers about a time or a block."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Final, TypeVar

from yinzheng.verifier.bytes.algorithms import DigestPair, Ed25519PublicKey, Sm2PublicKey, digest_pair
from yinzheng.verifier.bytes.canonical import (
    Check,
    constant,
    hex_bytes,
    integer,
    list_of,
    loads,
    nullable,
    object_of,
    one_of,
    read_object,
    saved,
    text,
)
from yinzheng.verifier.bytes.naming import check_spelled
from yinzheng.verifier.chain.consensus import CONSENSUS, Consensus
from yinzheng.verifier.chain.evidence import Contract, Evidence
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import Party, check_credit_code, check_plain
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.contact import Contact, check_contact
from yinzheng.verifier.formats.request import registry_id
from yinzheng.verifier.judge.proven import Proven
from yinzheng.verifier.judge.witnesses import NO_WITNESSES, QUORUM, WITNESSES, Witnesses, read_witnesses
from yinzheng.verifier.log.note import NoteKey, parse_vkey

T = TypeVar("T")
R = TypeVar("R")

MAX_TRUST: Final = 256 * 1024
"""Bytes of a policy."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """A pinned issuer key and what it may sign."""

    kid: bytes
    key: Sm2PublicKey
    registry: Party
    prefix: str
    """First five characters of its certificates' numbers."""
    not_before: int
    not_after: int | None
    compromised_at: int | None

    def entitled_at(self, at: int, registry: Party) -> str | None:
        """None if the key may have signed for that registry at that time, else the reason code why not.

        `before-key`, `after-key`, `key-compromised` or `registry-differs`. Bounds of the validity belong to
        it; the instant of a compromise does not (R41).
        """
        if at < self.not_before:
            return "before-key"
        if self.compromised_at is not None and at >= self.compromised_at:
            return "key-compromised"
        if self.not_after is not None and at > self.not_after:
            return "after-key"
        return None if registry == self.registry else "registry-differs"


@dataclass(frozen=True, slots=True)
class ValidatorRange:
    """Who may seal blocks `first` to `last`, both included; `last` None: until further notice."""

    first: int
    last: int | None
    addresses: frozenset[bytes]

    def to_json(self) -> dict[str, Any]:
        """As a policy has it (S8.1)."""
        return {
            "from": self.first,
            "to": self.last,
            "addresses": sorted(address.hex() for address in self.addresses),
        }


@dataclass(frozen=True, slots=True)
class TimeAuthority:
    """A time-stamping authority (RFC 3161) and the certificate its tokens must chain to, DER."""

    name: str
    certificate: bytes


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs a node of the chain, and which validators are theirs (D17)."""

    name: str
    code: str
    validators: frozenset[bytes] = frozenset()
    """Addresses, 20 bytes each; none where the reader pins none to it."""

    def to_json(self) -> dict[str, Any]:
        """As a policy has it (S8.1)."""
        validators = sorted(address.hex() for address in self.validators)
        return {"name": self.name, "code": self.code, **({"validators": validators} if validators else {})}


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """What the reader trusts, and nothing else."""

    issuers: Mapping[bytes, Issuer]
    """By key ID."""
    origin: str
    log_keys: frozenset[NoteKey]
    chain_id: int
    genesis: bytes
    consensus: Consensus
    validators: tuple[ValidatorRange, ...]
    anchor: Contract
    rights: Contract
    max_age: int
    """Seconds a block may be old for an answer about now."""
    operators: tuple[Operator, ...]
    """Who operates the nodes (R40)."""
    insisted: frozenset[str] = frozenset()
    """Credit codes of operators, of one of whom at least a seal must be among those that make a block final;
    none where the quorum is enough."""
    consents: Contract | None = None
    """Withdrawals (S5.10); None where the reader pins none, and nothing about them can be checked."""
    preservation: Contract | None = None
    """Disputes (S5.13); None as above."""
    holders: Contract | None = None
    """Organisations' accounts (S5.18); None as above, like the next two."""
    moves: Contract | None = None
    """Licences and what follows a certificate (S5.20)."""
    standing: Contract | None = None
    """Remarks, later objections, reservations and cancellations (S5.24)."""
    time_authorities: tuple[TimeAuthority, ...] = ()
    """Whose time-stamp tokens (RFC 3161) count as a second clock."""
    witnesses: Witnesses = NO_WITNESSES
    """Who cosigns the log's heads, and how many of them must have (S9.9)."""
    contact: Contact | None = None
    """How the registry is reached: nothing is believed by it (S8.3)."""
    digest: DigestPair | None = field(default=None, compare=False)
    """Of the file it was read from, byte for byte."""
    proven: Proven | None = field(default=None, repr=False, compare=False)
    """What the reader has checked before; no part of the policy."""
    _derived: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def derived(self, what: str, find: Callable[[], R]) -> R:
        """What ``find`` makes of the policy alone, made once."""
        if what not in self._derived:
            self._derived[what] = find()
        found: R = self._derived[what]
        return found

    def remembering(self, proven: Proven) -> TrustPolicy:
        """The same policy, under which nothing that ``proven`` holds is checked again."""
        return replace(self, proven=proven)

    def once(self, parts: Sequence[bytes], find: Callable[[], T | None]) -> T | None:
        """What ``find`` finds, as `Proven.once`."""
        return find() if self.proven is None else self.proven.once(parts, find)

    def read(self, what: str, answer: object, find: Callable[[], R], *, keep: bool = True) -> R:
        """What ``find`` reads in an answer, as `Proven.read`."""
        return find() if self.proven is None else self.proven.read(what, answer, find, keep=keep)

    def recall(self, evidence: Evidence) -> None:
        """Let evidence know the nodes of its state that other evidence has hashed, of a block that held."""
        known = None if self.proven is None else self.proven.nodes_of(evidence.block.state_root)
        if known is not None:
            evidence.know(known)

    def remember(self, evidence: Evidence) -> None:
        """Keep the nodes of evidence whose block is sealed, for others of the same state."""
        if self.proven is not None:
            self.proven.keep_nodes(evidence.block.state_root, evidence.nodes)

    def verified(self, key: Sm2PublicKey | Ed25519PublicKey, message: bytes, signature: bytes) -> bool:
        """Whether the signature is the key's over the message, as `Proven.verified`."""
        if self.proven is None:
            return key.verify(message, signature)
        return self.proven.verified(key, message, signature)

    @property
    def registry_id(self) -> bytes:
        """Which registry that is, 32 bytes, in what an organisation signs to it (S11.1)."""
        return registry_id(self.genesis, self.rights.address)

    def names(self, registry: Party) -> bool:
        """Whether it pins a key of that registry: of its credit code, or of its name, which others read."""
        pinned = [issuer.registry for issuer in self.issuers.values()]
        return any(registry.code == one.code or registry.name == one.name for one in pinned)

    def validators_at(self, number: int) -> frozenset[bytes]:
        """The addresses pinned for that block number; empty if none are."""
        for span in self.validators:
            if span.first <= number and (span.last is None or number <= span.last):
                return span.addresses
        return frozenset()

    def operator_of(self, validator: bytes) -> Operator | None:
        """Whose validator it is; None where the reader pins it to nobody."""
        return next((one for one in self.operators if validator in one.validators), None)


def parse_trust(data: bytes) -> TrustPolicy:
    """Read a policy (S8.1), with or without a byte-order mark.

    Raises `DataFault` `trust-malformed`, with the reason in its message.
    """
    try:
        policy = _read(loads(saved(data), max_bytes=MAX_TRUST))
        return replace(policy, digest=digest_pair(data))
    except DataFault as fault:
        raise DataFault(
            f"this is not a trust policy: {fault.message}",
            code="trust-malformed",
            hint="Get trust.json from whoever you trust for it, not from whoever shows the certificate.",
            reason=fault.code,
        ) from fault


def _read(value: object) -> TrustPolicy:
    fields = read_object(value, _TRUST, optional=_OPTIONAL)
    chain, log = fields["chain"], fields["log"]
    issuers = [_issuer(entry) for entry in fields["issuers"]]
    keys = frozenset(log["keys"])
    if len({issuer.kid for issuer in issuers}) != len(issuers) or len(keys) != len(log["keys"]):
        raise _inconsistent("names a key twice")
    if any(key.name != log["origin"] for key in keys):
        raise _inconsistent("has a log key of another name than the log's")
    operators = read_operators(fields["operators"])
    insisted = frozenset(fields["insisted"] or ())
    if not insisted <= {one.code for one in operators if one.validators}:
        raise _inconsistent("insists on the seal of somebody whose validators it does not name")
    witnesses = read_witnesses(fields["witnesses"], fields["quorum"])
    if {key.key for one in witnesses.known for key in one.keys} & {key.key for key in keys}:
        raise _inconsistent("takes the log for its own witness")
    return TrustPolicy(
        issuers={issuer.kid: issuer for issuer in issuers},
        origin=log["origin"],
        log_keys=keys,
        chain_id=chain["id"],
        genesis=chain["genesis"],
        consensus=CONSENSUS[chain["consensus"]],
        validators=read_ranges(chain["validators"]),
        max_age=fields["max_age"],
        operators=operators,
        insisted=insisted,
        time_authorities=tuple(TimeAuthority(**one) for one in fields["time_authorities"] or ()),
        witnesses=witnesses,
        contact=fields["contact"],
        **_contracts(chain["contracts"]),
    )


def _contracts(entries: Mapping[str, dict[str, Any] | None]) -> dict[str, Any]:
    return {name: place and Contract(**place) for name, place in entries.items()}


def _issuer(entry: dict[str, Any]) -> Issuer:
    key = Sm2PublicKey(entry["key"])
    if key_id(key.point) != entry["kid"]:
        raise _inconsistent("gives a key an ID that is not its own")
    not_after = entry["not_after"]
    if not_after is not None and not_after < entry["not_before"]:
        raise _inconsistent("has a key that ends before it begins")
    return Issuer(
        kid=entry["kid"],
        key=key,
        registry=Party(**entry["registry"]),
        prefix=entry["prefix"],
        not_before=entry["not_before"],
        not_after=not_after,
        compromised_at=entry["compromised_at"],
    )


def read_ranges(entries: Sequence[dict[str, Any]]) -> tuple[ValidatorRange, ...]:
    """The ranges of entries whose members were checked, in ascending order, none twice.

    Raises `DataFault` `trust-inconsistent`.
    """
    spans = tuple(
        ValidatorRange(entry["from"], entry["to"], frozenset(entry["addresses"])) for entry in entries
    )
    for span, entry in zip(spans, entries, strict=True):
        if len(span.addresses) != len(entry["addresses"]):
            raise _inconsistent("names a validator twice")
        if span.last is not None and span.last < span.first:
            raise _inconsistent("has a range of blocks that ends before it begins")
    if any(one.last is None or one.last >= two.first for one, two in pairwise(spans)):
        raise _inconsistent("has ranges of blocks that overlap or are out of order")
    return spans


def _operator(entry: dict[str, Any]) -> Operator:
    validators = entry["validators"] or ()
    if len(set(validators)) != len(validators):
        raise _inconsistent("names a validator twice")
    return Operator(entry["name"], entry["code"], frozenset(validators))


def read_operators(entries: Sequence[dict[str, Any]]) -> tuple[Operator, ...]:
    """The operators of entries that passed `OPERATOR`; no validator is two operators'.

    Raises `DataFault` `trust-inconsistent`.
    """
    operators = tuple(map(_operator, entries))
    theirs = [validator for one in operators for validator in one.validators]
    if len(set(theirs)) != len(theirs):
        raise _inconsistent("gives one validator to two operators")
    return operators


def _vkey(value: object, path: str) -> NoteKey:
    return parse_vkey(text(1, 512)(value, path))


def _inconsistent(what: str) -> DataFault:
    return DataFault(f"it {what}", code="trust-inconsistent")


_NAME: Final = check_spelled(check_plain(1, 100))
_PARTY: Final = object_of({"name": _NAME, "code": check_credit_code})
_CONTRACT: Final = object_of({"address": hex_bytes(20), "code_hash": hex_bytes(32)})
_ISSUER: Final = object_of(
    {
        "kid": hex_bytes(8),
        "alg": constant("SM2-SM3"),
        "key": hex_bytes(65),
        "registry": _PARTY,
        "prefix": text(5, 5, r"SJ[0-9]{3}"),
        "not_before": integer(),
        "not_after": nullable(integer()),
        "compromised_at": nullable(integer()),
    }
)
_AUTHORITY: Final = object_of({"name": _NAME, "certificate": hex_bytes(1, 16_384)})
_VALIDATORS: Final = object_of(
    {"from": integer(), "to": nullable(integer()), "addresses": list_of(hex_bytes(20), 1, 256)}
)
_CHAIN: Final[dict[str, Check[Any]]] = {
    "id": integer(1),
    "genesis": hex_bytes(32),
    "consensus": one_of(*CONSENSUS),
    "validators": list_of(_VALIDATORS, 0, 1024),
    "contracts": object_of(
        {"anchor": _CONTRACT, "rights": _CONTRACT},
        dict.fromkeys(("consents", "preservation", "holders", "moves", "standing"), _CONTRACT),
    ),
}
OPERATOR: Final = object_of(
    {"name": _NAME, "code": check_credit_code}, {"validators": list_of(hex_bytes(20), 1, 64)}
)
"""Check for an operator's entry (S8.1)."""
_OPTIONAL: Final[dict[str, Check[Any]]] = {
    "time_authorities": list_of(_AUTHORITY, 0, 16),
    "insisted": list_of(check_credit_code, 1, 64),
    "witnesses": WITNESSES,
    "quorum": QUORUM,
    "contact": check_contact,
}
_TRUST: Final[dict[str, Check[Any]]] = {
    "format": constant("yinzheng/trust/1"),
    "issuers": list_of(_ISSUER, 1, 256),
    "log": object_of({"origin": text(1, 255), "keys": list_of(_vkey, 1, 16)}),
    "chain": object_of(_CHAIN),
    "max_age": integer(1),
    "operators": list_of(OPERATOR, 0, 256),
}
