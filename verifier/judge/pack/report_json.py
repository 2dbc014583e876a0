"""A pack's report as JSON values, for `--json` and for whoever lays it out (S14.4)."""

from __future__ import annotations

from typing import Any

from yinzheng.verifier.formats.certificate import key_id
from yinzheng.verifier.judge.pack.report import (
    DossierFileReport,
    FileReport,
    ItemReport,
    PackReport,
    Platform,
    StatementReport,
    SubjectReport,
    TimestampReport,
)
from yinzheng.verifier.judge.report import Finding, block_json


def report_json(report: PackReport) -> dict[str, Any]:
    """The whole report; every value is a string, an integer, a boolean, null, a list or an object."""
    manifest, block = report.manifest, report.block
    return {
        "kind": "pack",
        "answer": str(report.verdict),
        "dispute": manifest.dispute.hex() if manifest else None,
        "reference": manifest.reference if manifest else None,
        "registry": manifest.registry.to_json() if manifest else None,
        "signer": manifest.signer.hex() if manifest else None,
        "made_at": manifest.made_at if manifest else None,
        "checked_at": report.checked_at,
        "obligations": _findings(report.findings),
        "questions": [question.to_json() for question in report.questions],
        "limits": [limit.to_json() for limit in report.limits],
        "items": [_item(item) for item in report.items],
        "withheld": report.withheld,
        "statements": [_statement(statement) for statement in report.statements],
        "subjects": [_subject(subject) for subject in report.subjects],
        "dossier_files": [_dossier_file(file) for file in report.dossier_files],
        "timestamps": [_timestamp(stamp) for stamp in report.timestamps],
        "files": [_file(file) for file in report.files],
        "opening": report.opening.to_json() if report.opening else None,
        "release": report.release.to_json() if report.release else None,
        "chain": _dispute(report),
        "roots": [root.to_json() for root in manifest.roots] if manifest else [],
        "operators": [
            {"name": operator.name, "code": operator.code, "is_party": operator.is_party}
            for operator in report.operators
        ],
        "platform": _platform(report.platform),
        "demonstration": report.demonstration,
        "written_with_pack": report.written_with_pack,
        "pack": None if report.inputs.pack is None else report.inputs.pack.to_json(),
        "policy_from_pack": report.inputs.from_pack,
        "block": None if block is None else block_json(block),
    }


def _platform(platform: Platform) -> dict[str, Any]:
    return {
        "origin": platform.origin,
        "log_keys": list(platform.log_keys),
        "chain_id": platform.chain_id,
        "genesis": platform.genesis.hex(),
        "consensus": platform.consensus,
        "validators": platform.validators,
        "contracts": {
            name: {"address": contract.address.hex(), "code_hash": contract.code_hash.hex()}
            for name, contract in platform.contracts
        },
    }


def _findings(findings: tuple[Finding, ...]) -> list[dict[str, Any]]:
    return [
        {
            "number": finding.number,
            "outcome": str(finding.outcome),
            "code": finding.code,
            "message": finding.message,
            "data": dict(finding.data),
        }
        for finding in findings
    ]


def _item(report: ItemReport) -> dict[str, Any]:
    packed = report.statement
    return {
        "number": report.number,
        "leaf": report.leaf.hex(),
        "disclosed": report.disclosed,
        "unchanged": str(report.unchanged),
        "provenance": str(report.provenance),
        "provenance_code": report.provenance_code,
        "stated_at": packed.statement.at if packed else None,
        "log_index": packed.proof.index if packed else None,
        "anchored_at": report.anchored_at,
        "claimed": report.item.to_json() if report.item else None,
        "witnesses": [
            {"name": witness.name, "kid": key_id(witness.key).hex(), "holds": witness.holds}
            for witness in report.witnesses
        ],
        "obligations": _findings(report.findings),
    }


def _statement(report: StatementReport) -> dict[str, Any]:
    packed = report.packed
    return {
        "leaf": packed.statement.leaf_hash.hex(),
        "log_index": packed.proof.index,
        "statement": packed.statement.to_json(),
        "body": packed.body,
        "obligations": _findings(report.findings),
    }


def _subject(report: SubjectReport) -> dict[str, Any]:
    return {
        "kind": report.kind,
        "subject": report.subject.hex(),
        "holds": report.holds,
        "obligations": _findings(report.findings),
    }


def _dossier_file(report: DossierFileReport) -> dict[str, Any]:
    return {
        "number": report.number,
        "statement": report.leaf.hex() if report.leaf else None,
        "entry": report.entry.to_json() if report.entry else None,
        "obligations": _findings(report.findings),
    }


def _timestamp(report: TimestampReport) -> dict[str, Any]:
    finding, stamp = report.finding, report.finding.stamp
    return {
        "path": report.file.path,
        "outcome": str(finding.outcome),
        "code": finding.code,
        "message": finding.message,
        "authority": stamp.authority if stamp else None,
        "at": stamp.at if stamp else None,
        "accuracy": stamp.accuracy if stamp else None,
        "policy": stamp.policy if stamp else None,
        "size": report.size,
        "covered": report.covered,
    }


def _file(report: FileReport) -> dict[str, Any]:
    return {**report.file.to_json(), "obligations": _findings(report.findings)}


def _dispute(report: PackReport) -> dict[str, Any] | None:
    found = report.dispute
    if found is None:
        return None
    return {
        "state": {1: "open", 2: "released"}[found.state],
        "opened_at": found.opened_at,
        "released_at": found.released_at or None,
        "changed_at": found.changed_at,
        "parties": found.parties,
        "subjects": found.subjects,
        "roots": found.roots,
        "opened_by": found.opened_by.hex(),
        "released_by": found.released_by.hex() if found.released_by else None,
    }
