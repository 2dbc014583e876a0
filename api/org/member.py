"""An organisation's own folder: who it is, and its keys in an encrypted keystore.

FOLDER/organisation.json   who it is and which keys it made (public, but for the number that tells its uploads
                           apart, which is why only its owner may read it)
FOLDER/keys/               encrypted keys: `sm2-1`, `sm2-2`, …, and `account` for forums, parties and holders
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from yinzheng.ledger.chain.approvals import Domain, sign
from yinzheng.ledger.keys.keystore import Keystore
from yinzheng.ledger.keys.passphrase import FILE_VARIABLE, VARIABLE, find_passphrase
from yinzheng.ledger.keys.provider import EthereumKey, Kind
from yinzheng.ledger.organisations.accounts import entering, handing_over, require_signed
from yinzheng.ledger.state.files import make_folder, write_durably
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.bytes.canonical import (
    Check,
    constant,
    hex_bytes,
    integer,
    list_of,
    nullable,
    one_of,
    read_object,
    text,
)
from yinzheng.verifier.bytes.naming import spell
from yinzheng.verifier.bytes.shape import made_of
from yinzheng.verifier.bytes.wording import check_name, set_of
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import Party, check_credit_code
from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.formats.organisation import (
    FORUM,
    HOLDER,
    MAX_TERM,
    ROLES,
    Binding,
    Enrolment,
    Handover,
    KeyGrant,
    Rotation,
    check_overlap,
    parse_enrolment,
    parse_rotation,
    prove_possession,
    prove_succession,
)

FORMAT: Final = "yinzheng/member/1"
PROFILE: Final = "organisation.json"
ACCOUNT: Final = "account"
MAX_PROFILE: Final = 256 * 1024

ORG_VARIABLE: Final = "YINZHENG_ORG_PASSPHRASE"
ORG_FILE_VARIABLE: Final = "YINZHENG_ORG_PASSPHRASE_FILE"

BACKDATE: Final = 300
"""Seconds by which an enrolled key's time begins before it is made: clocks differ."""


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A key this organisation made: its name in the keystore, its `kid`, when it is to hold."""

    name: str
    kid: bytes
    not_before: int
    not_after: int

    def holds_at(self, instant: int) -> bool:
        """Whether it may sign at an instant, as far as its maker knows."""
        return self.not_before <= instant < self.not_after


@dataclass(frozen=True, slots=True)
class Profile:
    """Who the organisation is."""

    code: str
    name: str
    roles: tuple[str, ...]
    account: bytes | None
    """20 bytes: the chain account it signs releases with, or moves its rights with."""
    uploads: bytes = field(repr=False)
    """32 random bytes, from which the numbers of uploads follow (S15.3)."""
    keys: tuple[OwnKey, ...]

    def to_json(self) -> bytes:
        """What `from_json` reads."""
        value = {
            "format": FORMAT,
            "code": self.code,
            "name": self.name,
            "roles": list(self.roles),
            "account": None if self.account is None else self.account.hex(),
            "uploads": self.uploads.hex(),
            "keys": [
                {"name": k.name, "kid": k.kid.hex(), "not_before": k.not_before, "not_after": k.not_after}
                for k in self.keys
            ],
        }
        return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> Profile:
        """Decode strictly. Raises `DataFault`."""
        fields = read_object(canonical.loads(data, max_bytes=MAX_PROFILE), _PROFILE)
        del fields["format"]
        return cls(**{**fields, "keys": tuple(fields["keys"])})


class Member:
    """The organisation whose folder this is. Keys are opened when they are needed."""

    def __init__(self, folder: Path, profile: Profile, keystore: Keystore) -> None:
        self.folder = folder
        self.profile = profile
        self.keystore = keystore

    @classmethod
    def open(cls, folder: Path, environment: Mapping[str, str]) -> Member:
        """Open the folder. Raises `UsageFault` (`org-missing`, `passphrase-…`), `DataFault` (malformed)."""
        return cls(folder, read_profile(folder), Keystore(folder / "keys", passphrase_of(environment)))

    def candidates(self, now: int) -> Iterator[tuple[OwnKey, Sm2PrivateKey]]:
        """Keys that may sign now, the newest first."""
        for key in reversed(self.profile.keys):
            if key.holds_at(now):
                yield key, self.keystore.sm2(key.name)

    def current(self, now: int) -> tuple[OwnKey, Sm2PrivateKey]:
        """The key to sign with now. Raises `UsageFault` `org-key-none`."""
        found = next(self.candidates(now), None)
        if found is None:
            raise UsageFault(
                "no key of this organisation holds now",
                code="org-key-none",
                hint="Make one with `yinzheng org key rotate --lost --out FILE`, a holder with "
                "`yinzheng holder key rotate --lost --out FILE`; an officer takes it in with "
                "`yinzheng rotate-key FILE`.",
            )
        return found

    def make_key(self, not_before: int, not_after: int) -> tuple[OwnKey, Sm2PrivateKey]:
        """A fresh key in the keystore; it is not in the profile yet."""
        if self.profile.keys:
            # One folder, one passphrase: a mistyped one must not lock the new key away.
            self.keystore.sm2(self.profile.keys[-1].name)
        taken = set(self.keystore.names())
        number = next(n for n in range(1, 10_000) if f"sm2-{n}" not in taken)
        name = f"sm2-{number}"
        self.keystore.generate(name, Kind.SM2)
        key = self.keystore.sm2(name)
        return OwnKey(name, key_id(key.public_key.point), not_before, not_after), key

    def end_key(self, kid: str, at: int) -> None:
        """Write down that a key of ours (hex) holds no longer from `at` on, and that those it replaced hold
        until the next began: one that was lost before it began leaves the one before its time.
        """
        keys = self.profile.keys
        names = [key.kid.hex() for key in keys]
        over = names.index(kid) + 1 if kid in names else 0
        ends = [*(key.not_before for key in keys[1:over]), at]
        ended = [
            replace(key, not_after=max(key.not_before, min(key.not_after, end)))
            for key, end in zip(keys[:over], ends[:over], strict=True)
        ]
        self.keep([*ended, *keys[over:]])

    def keep(self, keys: Sequence[OwnKey], account: bytes | None = None) -> None:
        """Write down which keys there are, and, where it changed, the account."""
        self.profile = replace(self.profile, keys=tuple(keys), account=account or self.profile.account)
        write_durably(self.folder / PROFILE, self.profile.to_json(), mode=0o600)

    def account_key(self, account: bytes | None = None) -> EthereumKey:
        """The key of its chain account, or of an earlier `account` (20 bytes).

        Raises `UsageFault` `account-elsewhere` where it is not here.
        """
        for name in self.keystore.names():
            if name.startswith(ACCOUNT):
                key = self.keystore.ethereum(name)
                if key.address == (account or self.profile.account):
                    return key
        raise UsageFault(
            "the key of this organisation's account is not here",
            code="account-elsewhere",
            hint="Sign where it lies; a folder without account is made anew: `yinzheng org key new`.",
        )

    def make_account(self) -> EthereumKey:
        """A fresh account in the keystore; it is not in the profile yet."""
        taken = set(self.keystore.names())
        name = next(f"{ACCOUNT}-{n}" for n in range(2, 10_000) if f"{ACCOUNT}-{n}" not in taken)
        self.keystore.generate(name, Kind.SECP256K1)
        return self.keystore.ethereum(name)

    def grant(self, own: OwnKey, key: Sm2PrivateKey) -> KeyGrant:
        """The key as it is entered in the ledger (S10.4)."""
        return KeyGrant(self.profile.code, key.public_key.point, own.not_before, own.not_after)


def read_profile(folder: Path) -> Profile:
    """Whose folder this is. Raises `UsageFault` `org-missing`, `DataFault` (malformed)."""
    try:
        data = (folder / PROFILE).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise UsageFault(
            f"there is no organisation in {folder}",
            code="org-missing",
            hint="Name its folder with --org, or make one with `yinzheng org key new`.",
        ) from None
    return Profile.from_json(data)


def create_member(
    folder: Path,
    environment: Mapping[str, str],
    *,
    code: str,
    name: str,
    roles: Sequence[str],
    account: bool | bytes,
    now: int,
    term: int,
    domain: Domain | None = None,
) -> tuple[Member, Enrolment]:
    """Make a folder with fresh keys, and the enrolment to hand to the registry's officer.

    `account`: make one, or take the one of this address (20 bytes) whose key lies elsewhere. A holder and a
    forum always have one, for nothing of theirs is done without it. A holder's keys bind themselves to the
    enrolment for the registry of `domain`; with an account from elsewhere the enrolment lacks its binding
    until `bound` gives it that account's signature.

    Raises `UsageFault` (`org-exists`, `passphrase-…`, `key-term`, `registry-not-pinned`), `DataFault`
    (`credit-code`, `field-…`, `roles-overlap`).
    """
    if (folder / PROFILE).exists():
        raise UsageFault(
            f"there is an organisation in {folder}", code="org-exists", hint="Name another folder."
        )
    if not 0 < term <= MAX_TERM - BACKDATE:
        raise UsageFault("a key holds for at most five years", code="key-term")
    name = spell(name)
    fields = {"code": code, "name": name, "roles": sorted(set(roles))}
    checked = read_object(fields, {one: _PROFILE[one] for one in fields})
    check_overlap(checked["roles"])
    holds = HOLDER in checked["roles"]
    if holds and domain is None:
        raise UsageFault(
            "a holder's account signs for one registry alone",
            code="registry-not-pinned",
            hint="Give --registry trust.json, as an officer of the registry handed it over.",
        )
    make_folder(folder, mode=0o700)
    keystore = Keystore.create(folder / "keys", passphrase_of(environment))
    address = account if isinstance(account, bytes) else None
    if address is None and (account or holds or FORUM in checked["roles"]):
        if ACCOUNT not in keystore.names():
            keystore.generate(ACCOUNT, Kind.SECP256K1)
        address = keystore.ethereum(ACCOUNT).address
    profile = Profile(code, name, checked["roles"], address, secrets.token_bytes(32), ())
    member = Member(folder, profile, keystore)
    own, key = member.make_key(now - BACKDATE, now - BACKDATE + term)
    enrolment = enrolment_of(member, own, key, now)
    if domain is not None and holds and not isinstance(account, bytes):
        approval = sign(entering(enrolment), domain, keystore.ethereum(ACCOUNT))
        enrolment = bound(enrolment, key, domain, approval)
    member.keep([own])
    return member, enrolment


def enrolment_of(member: Member, own: OwnKey, key: Sm2PrivateKey, now: int) -> Enrolment:
    """The enrolment of a member and one of its keys; a holder's still lacks its binding."""
    profile, grant = member.profile, member.grant(own, key)
    return Enrolment(
        organisation=Party(profile.name, profile.code),
        roles=profile.roles,
        account=profile.account,
        grant=grant,
        possession=prove_possession(grant, key, profile.account),
        enrolled_at=now,
    )


def bound(enrolment: Enrolment, key: Sm2PrivateKey, domain: Domain, approval: bytes) -> Enrolment:
    """A holder's enrolment with what binds both keys to it: the SM2 key signs here, the account has signed.

    Raises `DataFault`: `account-possession`, `approval-malformed`, and as `parse_enrolment`.
    """
    message = entering(enrolment)
    require_signed(message, domain, approval, message.account)
    binding = Binding(key.sign(enrolment.declaration()), approval)
    return parse_enrolment(replace(enrolment, binding=binding).to_json())


def rotation_of(
    member: Member,
    own: OwnKey,
    key: Sm2PrivateKey,
    old: tuple[OwnKey, Sm2PrivateKey] | None,
    now: int,
    account: bytes | None = None,
) -> Rotation:
    """The rotation to a new key; signed by the old one where that still holds (S10.4). `account`: 20 bytes,
    from then on.
    """
    grant = member.grant(own, key)
    before = member.profile.keys[-1] if old is None else old[0]
    succession = None if old is None else prove_succession(grant, old[1], account)
    possession = prove_possession(grant, key, account)
    return Rotation(before.kid, grant, possession, succession, now, account=account)


def handed_over(
    rotation: Rotation,
    key: Sm2PrivateKey,
    domain: Domain,
    *,
    serial: int,
    new: EthereumKey,
    current: EthereumKey | None,
) -> Rotation:
    """A holder's rotation with what becomes of its account; without `current` the chain waits (S10.4b)."""
    unsigned = b"" if current is not None else None
    planned = replace(rotation, binding=Handover(serial, new.address, b"", b"", unsigned))
    message = handing_over(planned)
    binding = Handover(
        serial,
        new.address,
        key.sign(planned.declaration()),
        sign(message, domain, new),
        None if current is None else sign(message, domain, current),
    )
    return parse_rotation(replace(planned, binding=binding).to_json())


def passphrase_of(environment: Mapping[str, str]) -> bytes:
    """The passphrase of the organisation's keystore. Raises `UsageFault` (`passphrase-missing`, …)."""
    given = {
        registry: environment[own]
        for own, registry in ((ORG_VARIABLE, VARIABLE), (ORG_FILE_VARIABLE, FILE_VARIABLE))
        if own in environment
    }
    if not given:
        raise UsageFault(
            "the organisation's keys need their passphrase",
            code="passphrase-missing",
            hint=f"set {ORG_FILE_VARIABLE} to a file only you can read, or {ORG_VARIABLE}",
        )
    return find_passphrase(given)


_PROFILE: Final[dict[str, Check[Any]]] = {
    "format": constant(FORMAT),
    "code": check_credit_code,
    "name": check_name(1, 100),
    "roles": set_of(one_of(*ROLES), 1, len(ROLES)),
    "account": nullable(hex_bytes(20)),
    "uploads": hex_bytes(32),
    "keys": list_of(
        made_of(
            OwnKey,
            {
                "name": text(1, 64),
                "kid": hex_bytes(8),
                "not_before": integer(),
                "not_after": integer(),
            },
        ),
        0,
        1000,
    ),
}
