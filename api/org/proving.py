"""What a holder signs for others on its own machine: a proof for one reader (S21.5)."""

from __future__ import annotations

from collections.abc import Collection

from yinzheng.api.org.member import Member
from yinzheng.verifier.bytes.naming import spell
from yinzheng.verifier.containers.certfile import parse_file
from yinzheng.verifier.containers.prooffile import format_purpose_proof
from yinzheng.verifier.errors import UsageFault
from yinzheng.verifier.formats.body import Party
from yinzheng.verifier.formats.purpose_proof import Proved, PurposeProof


def prove_to(
    member: Member,
    file: bytes | None,
    holder: bytes,
    *,
    now: int,
    seconds: int,
    reader: tuple[str, str],
    purpose: tuple[str, str],
    fields: Collection[str],
) -> bytes:
    """Sign a proof of the certificate for one reader, as a file. ``reader``: name and code; ``purpose``: one
    of `PURPOSES` and words; ``file``: the certificate's (S6.5), None of what has none.

    Raises `UsageFault`: `certificate-file` (a picture or a text has no evidence), `holder-none` (we hold
    nothing under it), `org-key-none`; `DataFault` as `format_purpose_proof`.
    """
    if file is None:
        raise UsageFault(
            "a proof needs the certificate's own file, which carries its evidence",
            code="certificate-file",
            hint="Give the PDF or JSON file as the registry hands it out.",
        )
    shown = parse_file(file)
    profile = member.profile
    if profile.code not in {one.code for one in shown.record.holders}:
        raise UsageFault(
            "this organisation holds nothing under that certificate",
            code="holder-none",
            hint="A holder proves its own rights.",
        )
    proof = PurposeProof(
        Proved(shown.record.number, shown.statement.leaf_hash),
        Party(profile.name, profile.code),
        Party(spell(reader[0]), reader[1]),
        *purpose,
        tuple(sorted(set(fields))),
        now,
        now + seconds,
    )
    return format_purpose_proof(proof, member.current(now)[1], certificate=file, holder=holder)
