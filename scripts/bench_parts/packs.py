"""Evidence packs, a large one and one of many small items, built and verified in processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from scripts.bench_parts.measure import Figure, Say, seconds
from scripts.bench_parts.rights import Member, Rights, account_of, found_rights, grant_many
from scripts.bench_parts.site import Site, make_site, opened
from yinzheng.ledger.chain.approvals import sign
from yinzheng.ledger.disputes import opening
from yinzheng.ledger.disputes.evidence import Offered, add_items
from yinzheng.ledger.disputes.plans import Concerned, Plan
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.keys.provider import EthereumKey
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.digests import sm3
from yinzheng.verifier.formats.dispute import Disputant

CHUNK = 1 << 20
ITEMS = 4
"""Items of the large pack."""
SMALL = 4096
"""Bytes of each small one."""
MOST_MIB = 200
_PART = "packs"
_BUILD_FLOOR = "reading as many bytes, SM3 + SHA-256 of each MiB, writing them"
_VERIFY_FLOOR = "reading the pack, SM3 + SHA-256 of each MiB"


def measure_packs(folder: Path, extent: tuple[int, int], say: Say) -> list[Figure]:
    """Build and verify a pack of so many MiB, and one of so many small items."""
    mib, count = extent
    _require_space(folder, mib)
    site = make_site(folder)
    with opened(site) as registry:
        rights = found_rights(registry)
        subject = grant_many(registry, rights, 1)[0].subject
        trust = folder / "trust.json"
        trust.write_bytes(canonical.dumps(trust_policy(registry.instance)))
        court = _Court(registry, rights, subject)
        say(f"depositing {mib} MiB of evidence")
        large = court.open("1")
        deposited = seconds(lambda: court.add(large, [_megabytes(n, mib // ITEMS) for n in range(ITEMS)]))
        say(f"depositing {count} small items")
        small = court.open("2")
        added = seconds(lambda: court.add(small, [[os.urandom(SMALL)] for _ in range(count)]))
    figures = [
        Figure(_PART, f"evidence of {mib} MiB sealed, recorded and on the chain", mib / deposited, "MiB/s"),
        *_large(_Packing(site, large, trust, folder / "large.zip"), mib, say),
        Figure(_PART, f"{count} small items sealed, recorded and on the chain", count / added, "1/s"),
        *_small(_Packing(site, small, trust, folder / "small.zip"), count, say),
    ]
    shutil.rmtree(folder)
    return figures


def _require_space(folder: Path, mib: int) -> None:
    """Evidence, pack and the half that is copied for comparison."""
    needed = (5 * mib // 2 + 1024) * 2**20
    if shutil.disk_usage(folder).free < needed:
        raise SystemExit(f"bench: the packs need {-(-needed // 2**30)} GiB of free space (--workspace)")


# ---------------------------------------------------------------- what is packed


@dataclass(frozen=True)
class _Court:
    """An open registry in which a court opens disputes about one consent."""

    registry: Registry
    rights: Rights
    subject: bytes

    def open(self, number: str) -> str:
        """A dispute of that number, on the chain; gives its reference."""
        members = self.rights.members
        forum = members["forum"]
        plan = Plan(
            kind="forum",
            forum=forum.party,
            number=number,
            parties=tuple(_disputant(members[role]) for role in ("controller", "recipient")),
            concerned=Concerned(consents=(self.subject,)),
        )
        dispute = opening.draft(self.registry, forum.party.code, plan)
        decision = opening.prepare(self.registry, dispute, account_of(forum))
        signature = sign(
            decision, self.registry.client.preservation_domain, EthereumKey(bytes(forum.account.key))
        )
        opening.open_dispute(self.registry, dispute, signature)
        settle(self.registry)
        return dispute

    def add(self, dispute: str, contents: Sequence[Any]) -> None:
        """Add an item of each content, which is an iterable of bytes; settled."""
        collector, now = self.rights.members["controller"].party, self.registry.clock()
        claim = {
            "v": 1,
            "kind": "file",
            "title": "影像",
            "about": {"name": "volume.nii", "media_type": "application/octet-stream"},
            "collector": collector.to_json(),
            "tool": "cp",
            "environment": "scripts/bench",
            "captured_at": now,
            "provenance": "随机字节 random bytes",
            "custody": [],
            "witnesses": [],
        }
        add_items(self.registry, dispute, [Offered(claim, content) for content in contents], Capacity.PARTY)
        settle(self.registry)


def _disputant(member: Member) -> Disputant:
    return Disputant(member.party.name, member.party.code, account_of(member), member.key.public_key.point)


def _megabytes(item: int, mib: int) -> Iterator[bytes]:
    block = os.urandom(CHUNK)
    for number in range(mib):
        yield item.to_bytes(4, "big") + number.to_bytes(4, "big") + block[8:]


# ---------------------------------------------------------------- building and verifying


@dataclass(frozen=True, slots=True)
class _Packing:
    """A dispute, and the pack to be made of it."""

    site: Site
    dispute: str
    trust: Path
    pack: Path

    def build(self) -> dict[str, float]:
        """Seconds and peak of building it."""
        return _run("build", self.site.state, self.dispute, self.pack)

    def verify(self) -> dict[str, float]:
        """Seconds and peak of verifying it."""
        return _run("verify", self.pack, self.trust)


def _run(*arguments: object) -> dict[str, float]:
    command = [sys.executable, "-m", "scripts.bench_parts.packing", *map(str, arguments)]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


def _large(packing: _Packing, mib: int, say: Say) -> list[Figure]:
    """Half of each floor before what stands beside it, half after: the machine's load meets both."""
    stored = sorted((packing.site.state / "blobs").rglob("*"), key=lambda path: -path.stat().st_size)
    halves = stored[: ITEMS // 2], stored[ITEMS // 2 : ITEMS]
    copied = packing.pack.with_name("copied")
    say(f"building a pack of {mib} MiB")
    floor = _hashed(halves[0], copied)
    built = packing.build()
    floor += _hashed(halves[1], copied)
    say(f"verifying a pack of {mib} MiB")
    middle = mib // 2
    read = _read(packing.pack, range(middle))
    verified = packing.verify()
    read += _read(packing.pack, range(middle, 2**40))
    packing.pack.unlink()
    return [
        *_rates(f"build a pack of {mib} MiB", mib, built, _BUILD_FLOOR, floor),
        *_rates(f"verify a pack of {mib} MiB", mib, verified, _VERIFY_FLOOR, read),
    ]


def _rates(name: str, mib: int, found: dict[str, float], beside: str, floor: float) -> list[Figure]:
    taken, peak = found["seconds"], found["peak"]
    return [
        Figure(_PART, name, mib / taken, "MiB/s", beside, mib / floor, floor / taken),
        Figure(_PART, f"{name}, in all", taken, "s"),
        Figure(
            _PART,
            f"{name}, memory at its peak",
            peak,
            "MiB",
            goal=f"≤ {MOST_MIB} MiB",
            met=peak <= MOST_MIB,
        ),
    ]


def _small(packing: _Packing, count: int, say: Say) -> list[Figure]:
    say(f"building and verifying a pack of {count} items")
    built, verified = packing.build(), packing.verify()
    name = f"a pack of {count} small items"
    return [
        Figure(_PART, f"build {name}", count / built["seconds"], "items/s"),
        Figure(_PART, f"verify {name}", count / verified["seconds"], "items/s"),
        Figure(_PART, f"{name}, most memory of the two", max(built["peak"], verified["peak"]), "MiB"),
    ]


def _hashed(paths: Sequence[Path], copied: Path) -> float:
    """Seconds to read files, hash each MiB twice, and write it again."""
    with copied.open("wb") as out:
        taken = seconds(lambda: _work_through(paths, range(2**40), out))
    copied.unlink()
    return taken


def _read(path: Path, part: range) -> float:
    """Seconds to read these MiB of a file and hash each twice."""
    return seconds(lambda: _work_through([path], part, None))


def _work_through(paths: Sequence[Path], part: range, out: BinaryIO | None) -> None:
    for path in paths:
        for chunk in _chunks(path, part):
            sm3(chunk)
            sha256(chunk).digest()
            if out is not None:
                out.write(chunk)


def _chunks(path: Path, part: range) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        file.seek(part.start * CHUNK)
        for _ in part:
            chunk = file.read(CHUNK)
            if not chunk:
                return
            yield chunk
