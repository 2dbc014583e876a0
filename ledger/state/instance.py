"""The state folder: where things lie, and what this instance is.

STATE/instance.json   what this instance is (this module); written last by `init`, so it marks a whole folder
STATE/ledger.sqlite   the database        STATE/blobs/  sealed dossier files
STATE/log/            the published log   STATE/chain/  the embedded chain
STATE/keys/           encrypted keys      STATE/calendar/  years of working days handed in
STATE/people/         people's own keys, each under its own passphrase, where nobody carries theirs
STATE/lock            held by the one writer
STATE/lock.awaited    held together by who waits for it
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from yinzheng.ledger.chain.deployment import Deployment
from yinzheng.ledger.chain.modules import Modules
from yinzheng.ledger.chain.sender import MOST_FOR_SEALERS
from yinzheng.ledger.rules.profiles import DEMO, GD_HEALTH
from yinzheng.ledger.state.address import sqlite_url
from yinzheng.ledger.state.earlier import as_written_today, require_written_today
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.canonical import (
    Check,
    boolean,
    constant,
    hex_bytes,
    integer,
    list_of,
    nullable,
    object_of,
    one_of,
    read_object,
    text,
)
from yinzheng.verifier.chain.consensus import CONSENSUS, Consensus
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.formats.contact import Contact, check_contact
from yinzheng.verifier.formats.request import registry_id
from yinzheng.verifier.judge.following import CHANGE
from yinzheng.verifier.judge.trust import OPERATOR, Operator, ValidatorRange, read_operators, read_ranges

FORMAT = "yinzheng/state/2"
MAX_INSTANCE_BYTES = 256 * 1024
LOCK_SECONDS = 10.0
"""How long who writes waits for another to finish …"""
LOCK_SECONDS_OF_NODES = 90.0
"""… and where several organisations keep the chain: who writes may wait a minute until a block is final."""


_FIELDS: Final[dict[str, Check[Any]]] = {
    "format": constant(FORMAT),
    "registry": object_of({"name": text(1, 100), "code": text(18, 18), "authority": nullable(text(1, 100))}),
    "prefix": text(5, 5, r"SJ[0-9]{3}"),
    "host": text(1, 200, r"[A-Za-z0-9.:-]+"),
    "origin": text(1, 200, r"[^\s+]+"),
    "demonstration": boolean,
    "chain_urls": list_of(text(1, 500), 0, 16),
    "chain_id": integer(1),
    "genesis": hex_bytes(32),
    "consensus": one_of(*CONSENSUS),
    "validators": list_of(
        object_of(
            {"from": integer(0), "to": nullable(integer(0)), "addresses": list_of(hex_bytes(20), 1, 256)}
        ),
        0,
        1024,
    ),
    "changes": list_of(object_of(CHANGE), 0, 1023),
    "issuers": list_of(
        object_of(
            {
                "key": hex_bytes(65),
                "not_before": integer(0),
                "not_after": nullable(integer(0)),
                "compromised_at": nullable(integer(0)),
            }
        ),
        1,
        100,
    ),
    "operators": list_of(OPERATOR, 1, 64),
    "log_keys": list_of(text(1, 512), 2, 100),
    "database_url": nullable(text(1, 500)),
    "created_at": integer(0),
    "deployment": lambda value, _path: value,  # these two have readers of their own
    "modules": lambda value, _path: value,
}
PLANNED: Final = {name: _FIELDS[name] for name in ("registry", "prefix", "host")}
"""What whoever creates a registry chooses freely."""
_OPTIONAL: Final[dict[str, Check[Any]]] = {
    "objects_url": text(1, 500),
    "fee_limit": integer(0),
    "contact": check_contact,
}


@dataclass(frozen=True, slots=True)
class Paths:
    """Where everything of one state folder lies."""

    root: Path

    @property
    def instance(self) -> Path:
        """What this instance is."""
        return self.root / "instance.json"

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.root / "ledger.sqlite"

    @property
    def blobs(self) -> Path:
        """Sealed dossier files."""
        return self.root / "blobs"

    @property
    def log(self) -> Path:
        """The published log, served as it is."""
        return self.root / "log"

    @property
    def chain(self) -> Path:
        """The embedded chain."""
        return self.root / "chain"

    @property
    def keys(self) -> Path:
        """Encrypted keys."""
        return self.root / "keys"

    @property
    def people(self) -> Path:
        """People's own keys, each under a passphrase of its own; the registry opens none of them."""
        return self.root / "people"

    @property
    def calendar(self) -> Path:
        """Years of working days the operator handed in."""
        return self.root / "calendar"

    @property
    def lock(self) -> Path:
        """Held by the one writer."""
        return self.root / "lock"

    @property
    def bucket(self) -> Path:
        """Which of the folders that a registry ever had its bucket belongs to; no backup has it."""
        return self.root / "bucket.json"

    @property
    def awaited(self) -> Path:
        """Locked, shared, by every process that waits for `lock`."""
        return self.root / "lock.awaited"


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """A public key certificates were signed with (`04 || x || y`), and when it was entitled to (R41)."""

    key: bytes
    not_before: int
    not_after: int | None = None
    compromised_at: int | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """What one registry instance is. `validators`: 20 bytes each."""

    registry_name: str
    registry_code: str
    authority: str | None
    """Name of the data authority that supervises its certificates (R13); None where there is none."""
    prefix: str
    host: str
    origin: str
    demonstration: bool
    chain_urls: tuple[str, ...]
    """Nodes of others' network, the first that is well being asked; none: the embedded chain."""
    chain_id: int
    genesis: bytes
    consensus: Consensus
    """How that chain's blocks are agreed on; `UNPROVEN` where no verifier can tell."""
    sets: tuple[ValidatorRange, ...]
    """Who may seal which blocks, by ascending ranges, the last one open; none where nobody named them."""
    operators: tuple[Operator, ...]
    """Who runs the chain's nodes, and whose validators are whose (D17)."""
    issuers: tuple[IssuerKey, ...]
    log_keys: tuple[str, ...]
    """vkeys of the log's checkpoint lines (S4.3)."""
    database_url: str | None
    created_at: int
    deployment: Deployment
    modules: Modules
    """Consents and disputes (S5.10, S5.13)."""
    objects_url: str | None = None
    """The bucket of its sealed files (`ledger/net/buckets.py`); None: the folder `blobs`."""
    contact: Contact | None = None
    """How the registry is reached; None where it did not say."""
    changes: tuple[Mapping[str, Any], ...] = ()
    """Signed statements of every set but the first (S8.2), oldest first."""
    fee_limit: int = MOST_FOR_SEALERS
    """Wei for one unit of gas that whoever seals gets at most (ADR 69)."""

    def store_url(self, paths: Paths) -> str:
        """SQLAlchemy URL of its database; a server's holds no password (`ledger/state/address.py`)."""
        return self.database_url or sqlite_url(paths.database)

    @property
    def validators(self) -> tuple[bytes, ...]:
        """Who may seal now, 20 bytes each, ascending."""
        return tuple(sorted(self.sets[-1].addresses)) if self.sets else ()

    @property
    def lock_seconds(self) -> float:
        """How long it is waited for another that writes."""
        return LOCK_SECONDS_OF_NODES if self.foreign else LOCK_SECONDS

    @property
    def foreign(self) -> bool:
        """Whether its chain is others' network, and not the embedded one."""
        return bool(self.chain_urls)

    @property
    def registry_id(self) -> bytes:
        """Which registry this is, 32 bytes, in what organisations sign to it (S11.1)."""
        return registry_id(self.genesis, self.deployment.rights)

    @property
    def profile(self) -> str:
        """Tag (S2.5) of the profile that statements outside any application follow."""
        return DEMO.tag if self.demonstration else GD_HEALTH.tag

    def to_json(self) -> bytes:
        """Encode for `instance.json`."""
        value = {
            "format": FORMAT,
            "registry": {"name": self.registry_name, "code": self.registry_code, "authority": self.authority},
            "prefix": self.prefix,
            "host": self.host,
            "origin": self.origin,
            "demonstration": self.demonstration,
            "chain_urls": list(self.chain_urls),
            "chain_id": self.chain_id,
            "genesis": self.genesis.hex(),
            "consensus": self.consensus.name,
            "validators": [one.to_json() for one in self.sets],
            "changes": [dict(one) for one in self.changes],
            "operators": [one.to_json() for one in self.operators],
            "issuers": [{**asdict(issuer), "key": issuer.key.hex()} for issuer in self.issuers],
            "log_keys": list(self.log_keys),
            "database_url": self.database_url,
            "created_at": self.created_at,
            "deployment": self.deployment.to_json(),
            "modules": self.modules.to_json(),
        }
        if self.contact is not None:
            value["contact"] = self.contact.to_json()
        if self.objects_url is not None:
            value["objects_url"] = self.objects_url
        if self.fee_limit != MOST_FOR_SEALERS:
            value["fee_limit"] = self.fee_limit
        return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> Instance:
        """Decode strictly; `DataFault` where it is not what `to_json` writes."""
        read = canonical.loads(data, max_bytes=MAX_INSTANCE_BYTES)
        if isinstance(read, dict):
            as_written_today(read)
            require_written_today(read, _FIELDS)
        changes = read.get("changes") if isinstance(read, dict) else None
        value = read_object(read, _FIELDS, "instance", optional=_OPTIONAL)
        value["changes"] = tuple(changes) if isinstance(changes, list) else ()
        value["chain_urls"] = tuple(value["chain_urls"])
        registry = value.pop("registry")
        del value["format"]
        value["consensus"] = CONSENSUS[value["consensus"]]
        value["sets"] = read_ranges(value.pop("validators"))
        value["operators"] = read_operators(value["operators"])
        value["issuers"] = tuple(IssuerKey(**issuer) for issuer in value["issuers"])
        value["log_keys"] = tuple(value["log_keys"])
        if value["fee_limit"] is None:
            value["fee_limit"] = MOST_FOR_SEALERS
        value["deployment"] = Deployment.from_json(value["deployment"])
        value["modules"] = Modules.from_json(value["modules"])
        return cls(
            registry_name=registry["name"],
            registry_code=registry["code"],
            authority=registry["authority"],
            **value,
        )


def read_instance(root: Path) -> tuple[Paths, Instance]:
    """Open the description of the state folder `root`.

    Raises `UsageFault` (`state-missing`) if there is none, `DataFault` if it is not ours (`state-malformed`),
    or another version's (`state-version`).
    """
    paths = Paths(root.absolute())
    try:
        data = paths.instance.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise UsageFault(
            f"there is no registry in {root}",
            code="state-missing",
            hint="name a state folder with --state, or create one with `yinzheng init --state DIR`.",
        ) from None
    try:
        return paths, Instance.from_json(data)
    except DataFault as error:
        if error.code == "state-version":
            raise
        raise DataFault(
            f"{paths.instance.name} is not one of ours: {error.message}",
            code="state-malformed",
            hint="restore it from a backup, or name another state folder.",
        ) from None
