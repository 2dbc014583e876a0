"""Public bodies of organisations and their keys (S10.4): enrolled, key rotated, key revoked (R41).

Each key comes with a proof of possession: its own signature over whose it is and how long it holds. A
holder's two keys, SM2 and account, both sign the whole of what its enrolment declares (D16).
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Any, Final

from yinzheng.verifier.bytes.algorithms import DigestPair, Sm2PrivateKey, Sm2PublicKey, sha256
from yinzheng.verifier.bytes.canonical import (
    JSON,
    Check,
    constant,
    dumps,
    hex_bytes,
    integer,
    nullable,
    one_of,
    read_object,
)
from yinzheng.verifier.bytes.shape import Shaped, Versioned, names_of, read_shape, shape
from yinzheng.verifier.bytes.wording import PARTY, check_words, set_of
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.body import Party, check_credit_code
from yinzheng.verifier.formats.certificate import key_id

EXCHANGE: Final = "exchange"
FORUM: Final = "forum"
HOLDER: Final = "holder"
ROLES: Final = ("controller", EXCHANGE, FORUM, HOLDER, "party", "recipient")
"""In ascending order, as bodies list them."""

REASONS: Final = ("left", "lost", "compromised")
"""Why a key is revoked. One that is replaced in good order is rotated instead."""

MAX_TERM: Final = 5 * 366 * 86_400
"""Seconds a key is valid, at most."""

_POSSESSION: Final = b"yinzheng/key-possession/1\n"
_SUCCESSION: Final = b"yinzheng/key-succession/1\n"
_DECLARATION: Final = b"yinzheng/holder-enrolment/1\n"
_HANDOVER: Final = b"yinzheng/holder-rotation/1\n"
_UNDECLARED: Final = frozenset(
    {"possession", "succession", "binding", "decision", "enrolled_at", "rotated_at"}
)


@dataclass(frozen=True, slots=True)
class KeyGrant(Shaped):
    """A key as it is entered: whose, valid from `not_before` up to but without `not_after` (UTC seconds).

    Both proofs sign it and the account that comes with it (20 bytes), in canonical bytes after their prefix.
    """

    code: Annotated[str, check_credit_code]
    """Credit code of the organisation."""
    key: Annotated[bytes, hex_bytes(65)]
    """65 bytes, `04 || x || y`."""
    not_before: Annotated[int, integer()]
    not_after: Annotated[int, integer()]

    @property
    def kid(self) -> bytes:
        """8 bytes (S6.2)."""
        return key_id(self.key)

    def possession_message(self, account: bytes | None) -> bytes:
        """What the key itself signs to prove that its holder has it."""
        return _POSSESSION + self._with(account)

    def succession_message(self, account: bytes | None) -> bytes:
        """What the key before signs to hand over to this one."""
        return _SUCCESSION + self._with(account)

    def _with(self, account: bytes | None) -> bytes:
        return self.canonical() if account is None else dumps({**self.to_json(), "account": account.hex()})


def prove_possession(grant: KeyGrant, key: Sm2PrivateKey, account: bytes | None = None) -> bytes:
    """Give the proof of possession, raw `r || s`."""
    return key.sign(grant.possession_message(account))


def prove_succession(grant: KeyGrant, old: Sm2PrivateKey, account: bytes | None = None) -> bytes:
    """Give the old key's signature under its successor, raw `r || s`."""
    return old.sign(grant.succession_message(account))


def _spread(grant: KeyGrant) -> dict[str, JSON]:
    """A grant's names among those of a body that names the organisation itself."""
    return {name: value for name, value in grant.to_json().items() if name != "code"}


@dataclass(frozen=True, slots=True)
class Binding(Shaped):
    """How a holder's two keys, each by signing the same declaration, say that they are one holder's."""

    key: Annotated[bytes, hex_bytes(64)]
    """The SM2 key's signature of `declaration`, raw `r || s`."""
    account: Annotated[bytes, hex_bytes(65)]
    """The account's signature of `Enrolment` (S5.19) with `statement` the digest of `declaration`."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Body of `organisation.enrolled`. `parse_enrolment` makes one whose SM2 proofs hold.

    What the account signed holds for one contract on one chain: whoever knows that one checks it.
    """

    organisation: Party
    roles: tuple[str, ...]
    account: bytes | None
    """20 bytes: the chain account a forum or party signs releases with (S5.5) and an exchange reservations
    (S5.24), if it has one, and a holder moves its rights with (S5.18), which has one."""
    grant: KeyGrant
    possession: bytes
    enrolled_at: int
    binding: Binding | None = None
    """A holder's, and nobody else's."""

    def declaration(self) -> bytes:
        """What a holder's SM2 key signs, and its account by its SHA-256: all that it says of itself."""
        said = {name: value for name, value in self.to_json().items() if name not in _UNDECLARED}
        return _DECLARATION + dumps(said)

    @property
    def declared(self) -> bytes:
        """32 bytes: SHA-256 of the declaration, by which the chain names it (S5.19 `statement`)."""
        return sha256(self.declaration())

    def to_json(self) -> dict[str, JSON]:
        """The object of S10.4."""
        return {
            "v": 1,
            "organisation": self.organisation.to_json(),
            "roles": list(self.roles),
            "account": None if self.account is None else self.account.hex(),
            **_spread(self.grant),
            "possession": self.possession.hex(),
            "enrolled_at": self.enrolled_at,
            **({} if self.binding is None else {"binding": self.binding.to_json()}),
        }


@dataclass(frozen=True, slots=True)
class Handover(Shaped):
    """How a holder's account goes on with a new SM2 key, or with it to another account (S10.4b)."""

    serial: Annotated[int, integer(2, 2**32 - 1)]
    """Which change of the organisation on chain this is (S5.19)."""
    account: Annotated[bytes, hex_bytes(20)]
    """The account from then on; it may be the one of before."""
    key: Annotated[bytes, hex_bytes(64)]
    """The new SM2 key's signature of `declaration`, raw `r || s`."""
    new: Annotated[bytes, hex_bytes(65)]
    """That account's signature of `Rotation` or `Replacement` (S5.19)."""
    current: Annotated[bytes | None, nullable(hex_bytes(65))]
    """The account's of before, of `Rotation`; None where it is lost: the chain then waits (`Replacement`)."""


@dataclass(frozen=True, slots=True)
class Decision(Shaped):
    """By which a forum has a lost account replaced at once, without the chain's delay (S10.4b)."""

    forum: Annotated[Party, PARTY]
    document: Annotated[DigestPair, DigestPair.from_json]
    """Of the effective document's bytes."""
    reference: Annotated[str, check_words(1, 200)]
    """How it is cited."""
    signature: Annotated[bytes, hex_bytes(65)]
    """The forum's account's, of `Replacement` (S5.19)."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """Body of `organisation.key-rotated`: `grant` takes over from key `replaces` at `grant.not_before`."""

    replaces: bytes
    """8 bytes: `kid` of the key before."""
    grant: KeyGrant
    possession: bytes
    succession: bytes | None
    """The old key's signature; None where it was lost or compromised and an officer bound the new one."""
    rotated_at: int
    binding: Handover | None = None
    """A holder's, and nobody else's."""
    decision: Decision | None = None
    """Of a forum, where it replaces an account that is lost."""
    account: bytes | None = None
    """20 bytes: from then on, of one that is no holder."""

    def declaration(self) -> bytes:
        """What a holder's new SM2 key signs, and its accounts by its SHA-256."""
        said = {name: value for name, value in self.to_json().items() if name not in _UNDECLARED}
        assert self.binding is not None
        return _HANDOVER + dumps(
            {**said, "serial": self.binding.serial, "account": self.binding.account.hex()}
        )

    @property
    def declared(self) -> bytes:
        """32 bytes: SHA-256 of the declaration, by which the chain names it (S5.19 `statement`)."""
        return sha256(self.declaration())

    def to_json(self) -> dict[str, JSON]:
        """The object of S10.4."""
        return {
            "v": 1,
            "code": self.grant.code,
            "replaces": self.replaces.hex(),
            **_spread(self.grant),
            "possession": self.possession.hex(),
            "succession": None if self.succession is None else self.succession.hex(),
            "rotated_at": self.rotated_at,
            **({} if self.binding is None else {"binding": self.binding.to_json()}),
            **({} if self.decision is None else {"decision": self.decision.to_json()}),
            **({} if self.account is None else {"account": self.account.hex()}),
        }

    def succeeds(self, old: Sm2PublicKey) -> bool:
        """Whether `old` is the key replaced and signed this succession."""
        return (
            self.succession is not None
            and key_id(old.point) == self.replaces
            and old.verify(self.grant.succession_message(self.account), self.succession)
        )


@dataclass(frozen=True, slots=True)
class Revocation(Versioned):
    """Body of `organisation.key-revoked` (S10.4): from `since` on nothing signed with it counts (R41)."""

    code: Annotated[str, check_credit_code]
    kid: Annotated[bytes, hex_bytes(8)]
    reason: Annotated[str, one_of(*REASONS)]
    since: Annotated[int, integer()]
    """The instant of loss or compromise, as told; not after `told_at`."""
    told_at: Annotated[int, integer()]


@dataclass(frozen=True, slots=True)
class AccountRevocation(Revocation):
    """The same of a holder that lost its account with the key: it signs nothing more (S5.18)."""

    account: Annotated[bytes, hex_bytes(20)]


def parse_enrolment(value: object) -> Enrolment:
    """Read an enrolment.

    Raises `DataFault`: a code of `canonical.read_object`, `credit-code`, `encoded-bytes`, `key-term`,
    `sm2-key`, `key-possession`, `holder-binding` (a holder without account, or a binding of
    someone who is none), `roles-overlap` (one is holder, forum or exchange) or `holder-declaration`.
    """
    fields = read_object(value, _ENROLMENT, optional=_OPTIONAL)
    _check_bound(fields["roles"], fields["account"], fields["binding"])
    grant = _grant(fields, fields["organisation"].code)
    enrolment = Enrolment(
        fields["organisation"],
        fields["roles"],
        fields["account"],
        grant,
        fields["possession"],
        fields["enrolled_at"],
        fields["binding"],
    )
    if enrolment.binding is not None:
        _check_declared(grant, enrolment.declaration(), enrolment.binding.key)
    return enrolment


def parse_rotation(value: object) -> Rotation:
    """Read a rotation. Raises as `parse_enrolment`, and `key-same`. Check `succeeds` with the old key."""
    fields = read_object(value, _ROTATION, optional=_ROTATION_OPTIONAL)
    if fields["binding"] is not None and fields["account"] is not None:
        raise DataFault("a holder's account is in its binding alone", code="holder-binding", path="$.account")
    grant = _grant(fields, fields["code"])
    if grant.kid == fields["replaces"]:
        raise DataFault("a key does not replace itself", code="key-same", path="$.replaces")
    rotation = Rotation(
        fields["replaces"],
        grant,
        fields["possession"],
        fields["succession"],
        fields["rotated_at"],
        fields["binding"],
        fields["decision"],
        fields["account"],
    )
    lost = rotation.binding is not None and rotation.binding.current is None
    if rotation.decision is not None and not lost:
        raise DataFault(
            "a forum decides where a holder's account is lost, and nowhere else",
            code="holder-binding",
            hint="Make the rotation with `yinzheng holder key rotate --account-lost`.",
            path="$.decision",
        )
    if rotation.binding is not None:
        _check_declared(grant, rotation.declaration(), rotation.binding.key)
    return rotation


def parse_revocation(value: object) -> Revocation:
    """Read a revocation, `AccountRevocation` where it names an account.

    Raises `DataFault`: a code of `read_object`, `credit-code`, `key-instant`, or `key-reason` (an account is
    lost or compromised).
    """
    named = isinstance(value, dict) and "account" in value
    revocation = read_shape(AccountRevocation if named else Revocation, value)
    if named and revocation.reason == "left":
        raise DataFault("an account is lost or compromised", code="key-reason", path="$.reason")
    if revocation.since > revocation.told_at:
        raise DataFault(
            "a loss or compromise is told after it happened, not before", code="key-instant", path="$.since"
        )
    return revocation


def check_overlap(roles: Collection[str]) -> None:
    """Raise `DataFault` `roles-overlap` where one organisation would be two of holder, forum and exchange.

    Each answers for what the others do: who holds rights, who decides about them, who checks their trades.
    """
    if len({EXCHANGE, FORUM, HOLDER}.intersection(roles)) > 1:
        raise DataFault(
            "who decides disputes, or checks trades, holds no rights here and does not do the other",
            code="roles-overlap",
            hint="Enrol another organisation as the forum or the exchange.",
            path="$.roles",
        )


def _check_bound(roles: Collection[str], account: bytes | None, binding: Binding | None) -> None:
    holds = HOLDER in roles
    if holds and binding is None:
        raise DataFault("a holder's enrolment has a binding", code="field-missing", path="$.binding")
    if holds is (binding is None) or (holds and account is None):
        raise DataFault(
            "a holder, and nobody else, has an account that its key and the account itself bind to it",
            code="holder-binding",
            hint="Make the enrolment with `yinzheng holder key new`.",
            path="$.binding",
        )
    check_overlap(roles)


def _check_declared(grant: KeyGrant, declaration: bytes, signature: bytes) -> None:
    if not Sm2PublicKey(grant.key).verify(declaration, signature):
        raise DataFault(
            "the SM2 key did not sign what this says of its holder",
            code="holder-declaration",
            hint="Key and account are declared and signed together: have the holder make it anew.",
            path="$.binding.key",
        )


def _grant(fields: dict[str, Any], code: str) -> KeyGrant:
    grant = KeyGrant(code, fields["key"], fields["not_before"], fields["not_after"])
    if not grant.not_before < grant.not_after <= grant.not_before + MAX_TERM:
        raise DataFault("a key is valid for at most five years", code="key-term", path="$.not_after")
    if not Sm2PublicKey(grant.key).verify(grant.possession_message(fields["account"]), fields["possession"]):
        raise DataFault(
            "the key's proof of possession does not hold",
            code="key-possession",
            hint="Sign it, with the chain account it names, by the key that is to be entered.",
            path="$.possession",
        )
    return grant


_KEY: Final[dict[str, Check[Any]]] = {
    **{name: check for name, check in names_of(KeyGrant).items() if name != "code"},
    "possession": hex_bytes(64),
}
_ENROLMENT: Final[dict[str, Check[Any]]] = {
    "v": constant(1),
    "organisation": PARTY,
    "roles": set_of(one_of(*ROLES), 1, len(ROLES)),
    "account": nullable(hex_bytes(20)),
    **_KEY,
    "enrolled_at": integer(),
}
_OPTIONAL: Final[dict[str, Check[Any]]] = {"binding": shape(Binding)}
_ROTATION_OPTIONAL: Final[dict[str, Check[Any]]] = {
    "binding": shape(Handover),
    "decision": shape(Decision),
    "account": hex_bytes(20),
}
_ROTATION: Final[dict[str, Check[Any]]] = {
    "v": constant(1),
    "code": check_credit_code,
    "replaces": hex_bytes(8),
    **_KEY,
    "succession": nullable(hex_bytes(64)),
    "rotated_at": integer(),
}
