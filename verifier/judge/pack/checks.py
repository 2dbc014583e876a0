"""The obligations of a pack (S14.4), each its own function, numbered as in S9.1.

As in `verifier.obligations` a check that holds returns what it established and one that does not raises.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from yinzheng.verifier.bytes.algorithms import decode_der
from yinzheng.verifier.bytes.canonical import dumps
from yinzheng.verifier.chain.evidence import Contract, Evidence, NotGiven
from yinzheng.verifier.chain.layout_disputes import (
    BY_FORUM,
    RELEASED,
    SUBJECT_KINDS,
    ChainDispute,
    ChainEvidence,
    decode_dispute,
    decode_evidence,
    decode_parties,
    decode_subjects,
    dispute_slots,
    evidence_slots,
    party_slots,
    subject_slots,
)
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.access_range import AccessRange
from yinzheng.verifier.formats.dispute import Opening, Release
from yinzheng.verifier.formats.dossier import FileEntry, check_disclosure
from yinzheng.verifier.formats.evidence_items import Item
from yinzheng.verifier.judge.obligations import CLOCK_SKEW, Signed
from yinzheng.verifier.judge.trust import Issuer, TrustPolicy
from yinzheng.verifier.log.statement import verify_body
from yinzheng.verifier.pack.archive import MANIFEST, SIGNATURE, Archive, PackLimits, open_archive
from yinzheng.verifier.pack.contents import DossierFile, PackedStatement
from yinzheng.verifier.pack.manifest import (
    MAX_MANIFEST,
    MAX_SIGNATURE,
    Manifest,
    PackFile,
    parse_manifest,
    signed_message,
)

_SIGNER: Final = re.compile(rb'"signer":"([0-9a-f]{16})"\}\Z')


@dataclass(frozen=True, slots=True)
class PackZip:
    """A zip of the one layout with a manifest that nobody has read yet, and a signature over it."""

    archive: Archive
    manifest: bytes
    signature: bytes
    kid: bytes
    """Of the key that signed, as the manifest says."""


def layout_form(file: BinaryIO, limits: PackLimits) -> PackZip:
    """(1) The file is a zip of the one layout, and its manifest names who signed it.

    Sizes and counts alone: until it is known that a pinned issuer signed, nothing in the manifest is read but
    the end of it, where canonical bytes have the signer (S14.2).
    """
    archive = open_archive(file, limits)
    data = archive.read(MANIFEST, MAX_MANIFEST)
    signature = archive.read(SIGNATURE, MAX_SIGNATURE)
    signer = _SIGNER.search(data)
    if signer is None:
        raise DataFault("the manifest names no signer", code="manifest-signer", entry=MANIFEST)
    return PackZip(archive, data, signature, bytes.fromhex(signer[1].decode()))


def manifest_form(zipped: PackZip) -> Manifest:
    """(1) The manifest has its form, and names exactly the files of the zip."""
    archive, manifest = zipped.archive, parse_manifest(zipped.manifest)
    named = manifest.by_path()
    there = [name for name in archive.entries if name not in (MANIFEST, SIGNATURE)]
    for name in there:
        if name not in named:
            raise DataFault(f"the manifest does not name {name}", code="pack-extra-file", entry=name)
    for name, described in named.items():
        if name not in archive.entries:
            raise DataFault(f"{name} is missing", code="pack-missing-file", entry=name)
        if archive.entries[name].size != described.size:
            raise DataFault(
                f"{name} has another size than the manifest says", code="pack-size-differs", entry=name
            )
    return manifest


def pinned_issuer(kid: bytes, trust: TrustPolicy) -> Issuer:
    """(2) The policy pins the key."""
    issuer = trust.issuers.get(kid)
    if issuer is None:
        raise DataFault("the policy pins no issuer of that key", code="issuer-unknown", kid=kid.hex())
    return issuer


def manifest_signed(zipped: PackZip, manifest: Manifest | None) -> Signed:
    """(2) (3) What the issuer signed; when, and for whom, once the manifest is read."""
    return Signed(
        kid=zipped.kid,
        message=signed_message(zipped.manifest),
        signature=decode_der(zipped.signature),
        at=manifest.made_at if manifest else 0,
        registry=manifest.registry if manifest else None,
    )


def manifest_to_sign(manifest: Manifest) -> Signed:
    """(3) What the issuer will sign, when and for whom."""
    return Signed(manifest.signer, b"", b"", manifest.made_at, manifest.registry)


def not_before_its_block(manifest: Manifest, sealed_at: int | None) -> None:
    """(3) The pack is not older than the block it shows: `sealed_at`, if (8) holds (R41).

    Who stole a key may claim an earlier time, but none before that.
    """
    if sealed_at is not None and sealed_at - manifest.made_at > CLOCK_SKEW:
        raise DataFault("the pack claims to be older than its block", code="block-after-pack")


def item_form(item: Item | None, packed: PackedStatement | None, dispute: bytes) -> Item:
    """(1) A disclosed item has its form, and a statement of evidence of this dispute."""
    if packed is None:
        raise DataFault("the pack does not show the item's statement", code="item-statement-missing")
    if packed.statement.type != "dispute.evidence" or packed.statement.subject != dispute:
        raise DataFault("the item's statement is of something else", code="item-statement-differs")
    if item is None:
        raise DataFault("the item's body cannot be read", code="item-unreadable")
    return item


def item_committed(item: Item, body: bytes, packed: PackedStatement, content: PackFile, same: bool) -> None:
    """(4) Content, body and commitment of a disclosed item agree; `same`: the content is as the manifest."""
    if not same:
        raise DataFault("the content is not what the manifest names", code="content-differs")
    if content.size != item.size or not content.digest.matches(item.digest):
        raise DataFault("the content is not the one the item names", code="content-differs")
    if packed.secret is None:
        raise DataFault("the item is shown without the secret that opens its commitment", code="item-secret")
    verify_body(packed.statement, body, packed.secret)


def range_whole(found: AccessRange | DataFault, shown: Mapping[bytes, PackedStatement]) -> None:
    """(4) A range of access lines is whole, and the pack shows the statement of each of its batches.

    That those are in the log, under a signed and anchored head, is said of each statement (5–7).
    """
    if isinstance(found, DataFault):
        raise found
    if any(leaf not in shown or shown[leaf].body is None for leaf in found.leaves):
        raise DataFault("the pack does not show the statement of a batch of lines", code="access-unproved")


def body_committed(packed: PackedStatement) -> None:
    """(4) The body shown is the one the statement commits to."""
    if packed.body is None:
        raise NotGiven("the body is withheld", code="withheld")
    verify_body(packed.statement, dumps(packed.body), packed.secret)


def dossier_file(
    proof: DossierFile | None, packed: PackedStatement | None, content: PackFile, same: bool
) -> FileEntry:
    """(4) A file disclosed alone belongs to the dossier that its statement commits to."""
    if proof is None:
        raise DataFault("the proof of the dossier's file cannot be read", code="dossier-unreadable")
    if packed is None or packed.secret is None:
        raise DataFault("the pack does not open the dossier's statement", code="dossier-statement-missing")
    if not same:
        raise DataFault("the content is not what the manifest names", code="content-differs")
    entry = check_disclosure(packed.statement, packed.secret, packed.body, proof.disclosure)
    if content.size != entry.size or not content.digest.matches(entry.digest):
        raise DataFault("the content is not the file of the dossier", code="content-differs")
    return entry


def preservation_of(trust: TrustPolicy) -> Contract:
    """The pinned contract of disputes. Raises `NotGiven` (`contract-not-pinned`)."""
    if trust.preservation is None:
        raise NotGiven("the policy pins no contract of disputes", code="contract-not-pinned")
    return trust.preservation


def dispute_on_chain(evidence: Evidence, manifest: Manifest, trust: TrustPolicy) -> ChainDispute:
    """(9) The chain has the dispute, and its roots of evidence are those over the pack's items, no fewer."""
    words = evidence.words(preservation_of(trust), dispute_slots(manifest.dispute))
    found = decode_dispute(words)
    if found is None:
        raise DataFault("the chain has no such dispute", code="dispute-absent")
    latest = manifest.roots[-1].root if manifest.roots else None
    if found.roots != len(manifest.roots) or found.root != latest:
        raise DataFault(
            "the chain has other roots of evidence than the pack's items give",
            code="roots-differ",
            on_chain=found.roots,
            in_pack=len(manifest.roots),
        )
    return found


def root_on_chain(
    evidence: Evidence, manifest: Manifest, trust: TrustPolicy, index: int, opening: bytes | None
) -> ChainEvidence:
    """(9) Root `index` is on chain in its place, on the statement of the opening or of its last item."""
    listed = manifest.roots[index]
    slots = evidence_slots(manifest.dispute, listed.root)
    found = decode_evidence(evidence.words(preservation_of(trust), slots))
    if found is None:
        raise DataFault("the chain has not that root of evidence", code="root-absent", size=listed.size)
    if found.index != index or found.statement not in (manifest.items[listed.size - 1].leaf, opening):
        raise DataFault("the chain has that root elsewhere", code="root-misplaced", size=listed.size)
    return found


def opening_on_chain(
    evidence: Evidence, manifest: Manifest, trust: TrustPolicy, found: ChainDispute, opening: Opening
) -> None:
    """(9) Kind, opener, parties and subjects of the opening are those on chain."""
    contract, dispute = preservation_of(trust), manifest.dispute
    parties = decode_parties(evidence.words(contract, party_slots(dispute, len(opening.parties))))
    held = [
        decode_subjects(
            evidence.words(contract, subject_slots(dispute, kind, len(getattr(opening.subjects, kind))))
        )
        for kind in SUBJECT_KINDS
    ]
    same = {
        "dispute": opening.dispute == dispute,
        "kind": (opening.kind == "forum") == (found.kind == BY_FORUM),
        "opened_by": opening.opened_by == found.opened_by,
        "parties": tuple(party.account for party in opening.parties) == parties,
        "subjects": [getattr(opening.subjects, kind) for kind in SUBJECT_KINDS] == held,
        "evidence_root": opening.evidence_root is None or opening.evidence_root == _first_root(manifest),
    }
    if not all(same.values()):
        raise DataFault(
            "the chain's dispute is not the one that was opened",
            code="opening-differs",
            terms=[name for name, equal in same.items() if not equal],
        )


def release_on_chain(found: ChainDispute, opening: Opening, release: Release) -> None:
    """(9) Who is said to have ended it did: the forum whose document it is, or all parties."""
    forum = found.released_by
    same = {
        "dispute": release.dispute == opening.dispute,
        "kind": (release.kind == "document") == (forum is not None),
        "signers": release.signers
        == ((forum,) if forum is not None else tuple(party.account for party in opening.parties)),
    }
    if not all(same.values()):
        raise DataFault(
            "the chain has the dispute ended by others than the pack says",
            code="release-differs",
            terms=[name for name, equal in same.items() if not equal],
        )


def _first_root(manifest: Manifest) -> bytes | None:
    return manifest.roots[0].root if manifest.roots else None


def thread_on_chain(found: ChainDispute, thread: dict[str, PackedStatement]) -> None:
    """(9) The statements of opening and end are those the chain names. `thread`: one each, by type."""
    opened, released = thread.get("dispute.opened"), thread.get("dispute.released")
    if opened is not None and opened.statement.leaf_hash != found.statement:
        raise DataFault("the chain names another statement of the opening", code="opening-differs")
    if released is not None and released.statement.leaf_hash != found.outcome:
        raise DataFault("the chain names another statement of the end", code="release-differs")
    if opened is None or (found.state == RELEASED and released is None):
        raise NotGiven("the pack does not show how the dispute began or ended", code="thread-incomplete")


def block_age(evidence: Evidence, manifest: Manifest, now: int, max_age: int) -> int:
    """(10) Neither block nor pack lies in the future, nor the pack after the block it tells of; an old block
    tells of its own time alone.
    """
    age, made_at = now - evidence.block.time, manifest.made_at
    data: dict[str, Any] = {"age": age, "block_time": evidence.block.time}
    if age < -CLOCK_SKEW:
        raise DataFault("the block claims a time yet to come", code="block-from-future", **data)
    if made_at - now > CLOCK_SKEW:
        raise DataFault(
            "the pack claims a time yet to come", code="pack-from-future", made_at=made_at, **data
        )
    if made_at - evidence.block.time > CLOCK_SKEW:
        message = "the pack claims to be younger than the block whose state it tells"
        raise NotGiven(message, code="pack-after-block", made_at=made_at, **data)
    if age > max_age:
        raise NotGiven("the pack tells the state as of its block, not as of now", code="as-of-block", **data)
    return age
