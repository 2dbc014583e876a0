"""A registry for the web server's tests: the verifier's synthetic world behind `ReaderPort`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.verifier import world as synthetic
from tests.verifier.holder_world import HolderLedger, HolderWorld
from yinzheng.ledger.measures import Measure
from yinzheng.ledger.rules.calendar import WorkingCalendar, official_calendar
from yinzheng.verifier.chain.layout import record_slots
from yinzheng.verifier.errors import EnvironmentFault, UsageFault
from yinzheng.verifier.formats.body import Body, parse_body
from yinzheng.verifier.judge.holder import LiveOrganisation
from yinzheng.verifier.judge.live import LiveRecord
from yinzheng.verifier.judge.report import Status
from yinzheng.verifier.judge.trust import TrustPolicy
from yinzheng.verifier.log.statement import certificate_subject

DAY = 86_400


@dataclass(frozen=True)
class FakeNotice:
    """As `ledger.reading.Notice`."""

    case: str = "A-2026-000007"
    type: str = "first"
    certificate: str | None = None
    applicant: str = "广州市示范医院"
    asset: str = "2021至2025年糖尿病门诊随访数据集"
    overview: str = "广州地区二型糖尿病患者门诊随访记录，已去标识化，按季度更新。"
    limits: str = "仅限科研与临床参考，不得用于识别个人"
    importance: str = ""
    profile: str = "GD-HEALTH/1"
    procedure: str = "simplified"
    opened_at: int = synthetic.NOW - 2 * DAY
    ends_at: int | None = synthetic.NOW + 5 * DAY
    waived: bool = False
    reason: str = ""
    leaf: str = "5a" * 32
    open_objections: int = 0
    demonstration: bool = False
    state: str = "publicity"
    changed_at: int = synthetic.NOW - 2 * DAY
    over: bool = False


@dataclass(frozen=True)
class FakeLine:
    """As `ledger.reading.HistoryLine`."""

    at: int
    type: str
    statement: dict[str, Any]
    leaf: str
    index: int | None
    anchored_block: int | None


@dataclass(frozen=True)
class FakeCounts:
    """As `ledger.consents.basis.Counts`."""

    pending: str
    overdue: str
    not_told: str = "0"


@dataclass(frozen=True)
class FakeBasis:
    """As `ledger.consents.basis.Basis`."""

    leaf: str = "6b" * 32
    controller: str = "广州市示范医院"
    version: int = 2
    published_at: int = synthetic.REGISTERED - 30 * DAY
    counts: FakeCounts = FakeCounts("<5", "0")
    not_counted_for: tuple[str, ...] = ()


BOARD = (
    FakeNotice(),
    FakeNotice(
        case="A-2026-000006",
        asset="全省传染病监测月报",
        waived=True,
        reason="数据已公开多年",
        procedure="ordinary",
        limits="",
        leaf="5b" * 32,
        importance="important",
    ),
    FakeNotice(
        case="A-2026-000005",
        asset="住院结算明细",
        ends_at=synthetic.NOW - DAY,
        open_objections=2,
        leaf="5c" * 32,
    ),
    FakeNotice(
        case="A-2026-000004",
        asset="体检数据集",
        ends_at=synthetic.NOW - DAY,
        leaf="5d" * 32,
        state="deposited",
    ),
    FakeNotice(
        case="A-2026-000003",
        asset="停用的检验数据集",
        type="cancellation",
        certificate="SJ4412026110009",
        ends_at=synthetic.NOW - DAY,
        leaf="5e" * 32,
        state="recorded",
    ),
    FakeNotice(
        case="A-2026-000002",
        asset="已被取代的数据集",
        ends_at=synthetic.NOW - DAY,
        leaf="5f" * 32,
        state="deposited",
        over=True,
    ),
)
DEMO_NOTICE = FakeNotice(case="A-2026-000001", profile="DEMO/1", demonstration=True, ends_at=None)

HISTORY = tuple(
    FakeLine(synthetic.REGISTERED - (9 - at) * DAY, kind, {"by": by}, f"{at + 1:02x}" * 32, at, 990 + at)
    for at, (kind, by) in enumerate(
        [
            ("application.received", "applicant"),
            ("application.accepted", "registry"),
            ("review.recorded", "registry"),
            ("publicity.opened", "registry"),
            ("certificate.deposited", "registry"),
        ]
    )
)


@dataclass(frozen=True)
class FakeRegistration:
    """As `ledger.reading.RegisterLine`."""

    body: Body
    status: Status = Status.IN_FORCE


@dataclass(frozen=True)
class FakeRegistered:
    """As `ledger.reading.Registered`."""

    lines: tuple[FakeRegistration, ...]
    more: bool = False


@dataclass(frozen=True)
class FakeYear:
    """As `ledger.supervision.figures.Year`."""

    year: int = 2026
    suspected: int = 3
    measured: int = 2
    reported: int = 2
    closed: int = 1


@dataclass
class FakeReader:
    """One certificate, a board, a log folder. Also the `LiveReader`. Break it by setting `down`."""

    log_root: Path
    world: synthetic.World = field(default_factory=synthetic.World)
    published: Sequence[FakeNotice] = BOARD
    policy: TrustPolicy = field(default_factory=synthetic.trust)
    down: bool = False
    basis: Sequence[FakeBasis] = ()
    issued: str = ""
    """The certificate's code as it was issued; empty: signed anew each time."""
    vouchers: Mapping[str, str] = field(default_factory=dict)
    """QR texts, by number."""
    years: Sequence[FakeYear] = (FakeYear(),)
    record_state: synthetic.RecordState | None = None
    at: int | None = None
    """The moment it is in; None: in another whenever it is asked, so that nothing is kept."""
    asked: list[str] = field(default_factory=list)
    _proved: dict[tuple[int | None, int], object] = field(default_factory=dict, init=False)
    """Evidence already made; building tries is most of what a test would wait for."""

    def trust(self) -> TrustPolicy:
        return self.policy

    def trust_file(self) -> bytes:
        return json.dumps(synthetic.trust_json()).encode()

    def moment(self) -> object:
        self._up()
        return object() if self.at is None else self.at

    def live(self) -> FakeReader:
        return self

    def statement_proof(self, leaf: bytes) -> str | None:
        self._up()
        return None

    def tombstone(self, leaf: bytes) -> None:
        self._up()

    def withdrawals(self, ids: Sequence[bytes], size: int | None, at: int | None) -> object:
        self._up()
        return None

    def organisation(self, code: str) -> LiveOrganisation | None:
        self._up()
        return HolderLedger(self.world).organisation(code) if isinstance(self.world, HolderWorld) else None

    def account(self, organisation: bytes, size: int | None, at: int | None) -> object:
        self._up()
        return self.world.account_evidence(size) if isinstance(self.world, HolderWorld) else None

    def holder_file(self, code: str) -> bytes | None:
        self._up()
        if not isinstance(self.world, HolderWorld) or code != self.world.party["code"]:
            return None
        return json.dumps(self.world.holder_file(), ensure_ascii=False).encode()

    def consent_basis(self, number: str, now: int) -> Sequence[FakeBasis]:
        self._up()
        return self.basis

    def record(self, number: str) -> LiveRecord | None:
        self._up()
        self.asked.append(number)
        if number != self.world.body.number:
            return None
        return LiveRecord(
            self.world.body.to_json(),
            self.world.statement.to_json(),
            self.world.proof.text,
            self.issued or self.world.qr,
        )

    def chain(self, subject: bytes, size: int | None, at: int | None) -> object:
        self._up()
        if subject == certificate_subject(self.world.body.number):
            key = (size, id(self.record_state))
            if key not in self._proved:
                self._proved[key] = self.world.chain(size, self.record_state)
            return self._proved[key]
        return absent(subject)

    def storage(self, wanted: Any, *, at: int | None, block: int | None) -> object:
        self._up()
        raise EnvironmentFault("this ledger keeps no archive", code="node-refused")

    def said(self, leaf: bytes) -> None:
        self._up()

    def voucher(self, number: str) -> str | None:
        self._up()
        return self.vouchers.get(number)

    def right_history(self, number: str) -> bytes | None:
        self._up()
        return None

    def number_of(self, subject: bytes) -> str | None:
        self._up()
        return self.world.body.number if subject == certificate_subject(self.world.body.number) else None

    def certificate_file(self, number: str) -> bytes | None:
        self._up()
        if number != self.world.body.number:
            return None
        return json.dumps(self.world.file(), ensure_ascii=False).encode()

    def notices(self) -> Sequence[FakeNotice]:
        self._up()
        return self.published

    def board(self, after: str | None, most: int = 50) -> tuple[Sequence[FakeNotice], str | None]:
        self._up()
        names = [one.leaf for one in self.published]
        if after is not None and after not in names:
            raise UsageFault("there is no such place on the notice board", code="query")
        begin = 0 if after is None else names.index(after) + 1
        found = self.published[begin : begin + most]
        return found, found[-1].leaf if begin + most < len(names) else None

    def calendar(self) -> WorkingCalendar:
        return official_calendar()

    def notice(self, leaf: str) -> FakeNotice | None:
        self._up()
        return next((one for one in self.published if one.leaf == leaf), None)

    def history(self, number: str) -> Sequence[FakeLine]:
        self._up()
        return HISTORY if number == self.world.body.number else ()

    def register(self, asked: str, now: int) -> FakeRegistered:
        self._up()
        fits = asked in self.world.body.asset or asked == self.world.body.number
        return FakeRegistered((FakeRegistration(self.world.body),) if fits else ())

    def supervision(self, now: int) -> Sequence[FakeYear]:
        self._up()
        return self.years

    def health(self) -> Mapping[str, Any]:
        self._up()
        return {
            "log_size": 6,
            "anchored_size": 6,
            "block": 1000,
            "block_time": synthetic.BLOCK_TIME,
            "chain_id": 4401,
            "demonstration": False,
        }

    def measures(self, now: int) -> Sequence[Measure]:
        self._up()
        return [
            Measure("log_size", "Statements.", 6),
            Measure("chain_calls", "Calls.", 0, ("state", "pending")),
            Measure("chain_calls", "Calls.", now, ("state", "sent")),
        ]

    def _up(self) -> None:
        if self.down:
            raise EnvironmentFault("no answer from /secret/place/chain.lmdb", code="chain-unreachable")


def absent(subject: bytes) -> dict[str, Any]:
    """Evidence that the chain has no record of that subject."""
    state = synthetic.State(
        {synthetic.ANCHOR: synthetic.ANCHOR_CODE, synthetic.RIGHTS: synthetic.RIGHTS_CODE},
        {synthetic.RIGHTS: {synthetic.slot_of(bytes([at]) * 32, 3): at + 1 for at in range(30)}},
    )
    return {
        "headers": synthetic.headers(state.root),
        "accounts": [state.account(synthetic.RIGHTS, record_slots(subject))],
    }


def demo_world() -> synthetic.World:
    """A world whose certificate is a demonstration's."""
    return synthetic.World(body=parse_body(synthetic.body_json(profile="DEMO/1")))
