"""A desk for the pages' tests: answers as `api.desk.patients` does, or fails as it can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.verifier import bodies
from yinzheng.api.web.desk import Bearer
from yinzheng.verifier.bytes.canonical import JSON
from yinzheng.verifier.errors import YinzhengError

HOUR = 3600
NOTHING: dict[str, Any] = {"scopes": [], "grants": []}


def answer(code: str, name: str, duty: str = "destroy", **changes: Any) -> dict[str, Any]:
    """One organisation's part."""
    return {
        "code": code, "name": name, "duty": duty, "told_at": None, "given_at": None, "late": False,
        "not_told": None, "exempt": None, **changes,
    }  # fmt: skip


def not_told(reason: str) -> dict[str, Any]:
    """Why an organisation was never reached."""
    return {"reason": reason, "zh": "", "en": ""}


def withdrawal(at: int, **changes: Any) -> dict[str, Any]:
    """A withdrawal of the institute's part, received at `at`."""
    return {
        "withdrawal": "ab" * 32,
        "consent": "cd" * 32,
        "serial": 1,
        "state": "frozen",
        "words": {"zh": "", "en": ""},
        "received_at": at,
        "destroy_by": at + 72 * HOUR,
        "freeze_by": None,
        "frozen_at": at + HOUR,
        "overdue_since": None,
        "awaits_guardian": False,
        "uploaded_at": None,
        "held": False,
        "minor": False,
        "genetic": False,
        "ethics_at": None,
        "answers": [
            answer(bodies.HOSPITAL, "某市人民医院", "clear_links", told_at=at, given_at=at + 2 * HOUR),
            answer(bodies.LAB, "某研究院", told_at=at + 60),
            answer(bodies.INSURER, "某保险公司", "exempt", exempt={"zh": "已匿名化", "en": "anonymised"}),
        ],
        "taken": {
            "scopes": [],
            "grants": [{"code": bodies.LAB, "scope": "third_party_research", "route": "deidentified"}],
        },
        "remains": NOTHING,
        "restriction": None,
        "completed_at": None,
        "late": False,
        "contract": "ef" * 20,
        "facts": [
            {"what": "withdrawal", "block": 77, "transaction": "aa" * 32},
            {"what": "frozen", "block": None, "transaction": None},
        ],
        **changes,
    }


def restriction(until: int, *, in_force: bool = True) -> dict[str, Any]:
    """A statutory retention."""
    return {
        "ground": {"zh": "法定保存期限", "en": "a statutory retention"},
        "law": "《医疗机构病历管理规定》第二十九条",
        "reference": None,
        "kept": [],
        "until": until,
        "in_force": in_force,
    }


def use(**changes: Any) -> dict[str, Any]:
    """A use by the research institute, on its own yes."""
    return {
        "at": 1_790_000_000,
        "purpose": "肺结节模型研究",
        "operator": "某研究院 信息科",
        "organisation": bodies.LAB,
        "scope": "third_party_research",
        "basis": "consent",
        "covered": True,
        "under": None,
        **changes,
    }


def opening(number: int, **changes: Any) -> dict[str, Any]:
    """An officer handed out the receipt."""
    return {
        "number": number,
        "at": 1_790_000_000 + number,
        "organisation": "12440000MB2DEM001E",
        "name": "测试登记中心（虚构）",
        "function": "registry",
        "action": "export",
        "kind": "receipt",
        "purpose": "handover",
        "basis": "registration",
        "logged": True,
        **changes,
    }


def seen(*withdrawals: dict[str, Any], consent: dict[str, Any] | None = None) -> dict[str, Any]:
    """What `see` answers."""
    return {
        "subject": "cd" * 32,
        "profile": "DEMO/1",
        "consent": consent or bodies.consent(),
        "notice": bodies.notice(),
        "notice_leaf": "00" * 32,
        "beyond": [],
        "in_force": {
            "scopes": ["base", "third_party_research"],
            "grants": [{"code": bodies.LAB, "scope": "third_party_research", "route": "deidentified"}],
        },
        "uses": [use(), use(organisation=bodies.INSURER, purpose="核保", scope="insurance", covered=False)],
        "openings": [opening(3), opening(2, organisation=None, name=None, function="holder", purpose="own")],
        "withdrawals": [*withdrawals],
    }


@dataclass
class FakeDesk:
    """Gives `view`, or raises `fault`; notes what was filed."""

    view: dict[str, Any] = field(default_factory=seen)
    fault: YinzhengError | None = None
    proved: list[tuple[str, dict[str, bytes]]] = field(default_factory=list)
    filed: list[tuple[Mapping[str, JSON], bool]] = field(default_factory=list)
    objected: list[Mapping[str, JSON]] = field(default_factory=list)
    standing: dict[str, Any] = field(default_factory=dict)

    def see(self, bearer: Bearer) -> dict[str, Any]:
        self._up()
        return self.view

    def withdraw(self, bearer: Bearer, extent: Mapping[str, JSON], *, guardian: bool) -> dict[str, Any]:
        self._up()
        self.filed.append((extent, guardian))
        self.view = seen(made := withdrawal(1_790_000_000))
        return made

    def prove(self, bearer: Bearer, withdrawal: str, documents: Mapping[str, bytes]) -> dict[str, Any]:
        self._up()
        self.proved.append((withdrawal, {**documents}))
        one = self.view["withdrawals"][0] | {"uploaded_at": 1_790_000_100}
        self.view = seen(one)
        return dict(one)

    def receipt(self, bearer: Bearer, form: str) -> bytes:
        self._up()
        return f"receipt {form}".encode()

    def conclusion(self, bearer: Bearer, withdrawal: str) -> bytes:
        self._up()
        return withdrawal.encode()

    def object_to(self, objection: Mapping[str, JSON]) -> dict[str, Any]:
        self._up()
        self.objected.append(objection)
        return {"case": "A-2026-000007", "number": "0123456789ab", "raised_at": 1_790_000_000}

    def follow(self, number: str, secret: str) -> dict[str, Any]:
        self._up()
        return {
            "number": number, "case": "A-2026-000007", "raised_at": 1_790_000_000, "due": 1_791_000_000,
            "concluded_at": None, "upheld": None, "reasons": "", **self.standing,
        }  # fmt: skip

    def _up(self) -> None:
        if self.fault is not None:
            raise self.fault
