"""Publicity and objections (R24): the public notice, who protests, and how that ends."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlmodel import select

from yinzheng.ledger.cases.calls import CONCLUSION, OBJECTION, PUBLICITY
from yinzheng.ledger.cases.deciding import application_of, checked_text
from yinzheng.ledger.cases.work import approve, work_on
from yinzheng.ledger.chain.approvals import Conclusion, Publication
from yinzheng.ledger.chain.records import Procedure as ChainProcedure
from yinzheng.ledger.people.acting import Actor
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.publicity import Notice, check_objection, check_waiver, publicity_end
from yinzheng.ledger.rules.states import Capacity, Move
from yinzheng.ledger.rules.terms import Procedure
from yinzheng.ledger.state.files import disk_faults
from yinzheng.ledger.store.models import Objection
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import PairHasher
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import UsageFault

CHAIN_PROCEDURE = {
    Procedure.ORDINARY: ChainProcedure.ORDINARY,
    Procedure.SIMPLIFIED: ChainProcedure.SIMPLIFIED,
}
_CHUNK = 1 << 20
MAX_MATERIAL = 20


def publish(
    registry: Registry, case_id: str, by: Actor, *, waived_by: Actor | None = None, reason: str = ""
) -> None:
    """Open publicity (R24). With `waived_by`, a member of the committee, it ends at once and says so."""
    with work_on(registry, case_id) as work:
        waived = waived_by is not None
        rule = work.allow(Move.PUBLISH_WAIVED if waived else Move.PUBLISH, by)
        application = application_of(work)
        notice = Notice(
            profile=work.case.profile,
            procedure=work.case.procedure,
            applicant=application.applicant.name,
            asset=application.asset.name,
            overview=application.overview,
            limits=application.limits,
            opened_at=work.now,
            ends_at=publicity_end(registry.calendar, work.rules, work.now, waived=waived),
            waived=waived,
            reason=check_waiver(reason) if waived else "",
        )
        recorded = work.compose(rule, dict(notice.body()))  # type: ignore[arg-type]  # a TypedDict of plain values
        decision = Publication(
            case_id=work.case.subject,
            profile=work.case.profile,
            procedure=CHAIN_PROCEDURE[Procedure(work.case.procedure)],
            notice=recorded.leaf_hash,
            waived=waived,
        )
        signatures = [approve(work, decision, "publication", by, Capacity.REGISTRY)]
        if waived_by is not None:
            signatures.append(approve(work, decision, "publication", waived_by, Capacity.COMMITTEE))
        call = registry.client.open_publicity(decision, signatures)
        work.call(PUBLICITY, case_id, call)
        work.write(rule, recorded)


def object_to(registry: Registry, case_id: str, objector: str, reasons: str, material: Sequence[Path]) -> str:
    """Record anyone's reasoned objection with its material (R24); returns its name, 64 hex.

    Only digests of the material enter the private body here; the files stay with the officer's papers.
    """
    check_objection(reasons, len(material))
    if len(material) > MAX_MATERIAL:
        raise UsageFault(f"an objection has at most {MAX_MATERIAL} files", code="objection-material")
    files: list[JSON] = [{"name": path.name, "digest": _digest(path)} for path in material]
    with work_on(registry, case_id) as work:
        rule = work.allow(Move.OBJECT, Capacity.PUBLIC)
        body: dict[str, JSON] = {
            "v": 1,
            "objector": checked_text(objector),
            "reasons": checked_text(reasons),
            "material": files,
        }
        recorded = work.compose(rule, body)
        call = registry.client.raise_objection(work.case.subject, recorded.leaf_hash)
        work.call(OBJECTION, recorded.leaf_hash.hex(), call)
        work.session.add(
            Objection(
                case_id=case_id,
                leaf=recorded.leaf_hash,
                raised_at=work.now,
                sealed=work.seal.seal(canonical.dumps(body), recorded.leaf_hash),
            )
        )
        work.write(rule, recorded)
        return recorded.leaf_hash.hex()


def resolve(
    registry: Registry, case_id: str, objection: str, by: Actor, *, upheld: bool, reasons: str
) -> None:
    """Conclude an objection after investigation (R24); one that is upheld ends the case.

    `objection` is its name, or the first characters of it when they are unmistakable.
    """
    with work_on(registry, case_id) as work:
        rule = work.allow(Move.UPHOLD if upheld else Move.DISMISS, by)
        leaf = _named(work.situation.open_objections, objection)
        body: dict[str, JSON] = {
            "v": 1,
            "person": by.person,
            "objection": leaf.hex(),
            "upheld": upheld,
            "reasons": checked_text(reasons),
        }
        recorded = work.compose(rule, body)
        decision = Conclusion(work.case.subject, leaf, recorded.leaf_hash, upheld)
        signature = approve(work, decision, "conclusion", by, Capacity.REGISTRY)
        call = registry.client.conclude_objection(decision, [signature])
        work.call(CONCLUSION, recorded.leaf_hash.hex(), call)
        row = work.session.exec(select(Objection).where(Objection.leaf == leaf)).one()
        row.concluded_at, row.upheld = work.now, upheld
        work.write(rule, recorded)


def _named(known: frozenset[str], given: str) -> bytes:
    fitting = [name for name in known if given and name.startswith(given.lower())]
    if len(fitting) != 1:
        raise UsageFault(
            "no open objection of this case has that name",
            code="objection-unknown",
            hint=f"Open: {', '.join(sorted(name[:12] for name in known)) or 'none'}.",
        )
    return bytes.fromhex(fitting[0])


def _digest(path: Path) -> dict[str, JSON]:
    if not path.is_file():  # a pipe or device might never end
        raise UsageFault(f"there is no file {path.name}", code="material-missing")
    hasher = PairHasher()
    with disk_faults(path), path.open("rb") as file:
        while piece := file.read(_CHUNK):
            hasher.update(piece)
    return dict(hasher.digest().to_json())
