"""What someone learns and does who is not the patient: one answer, and nothing (R31, R50; S13.2, S15.6)."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from sqlmodel import select
from starlette.applications import Starlette

from tests.desk.calls import PAGES, SHOWN
from tests.desk.conftest import Founded
from tests.ledger.consent_world import HOSPITAL
from tests.ledger.world import OFFICER, Clock, World, actor_of
from yinzheng.api.desk import patients as routes
from yinzheng.api.desk.app import _fault
from yinzheng.api.desk.server import Desk, DeskLimits
from yinzheng.api.http.memory import Memory
from yinzheng.ledger.consents.granting import grant
from yinzheng.ledger.consents.handover import Seen, copy_receipt, issue_receipt, replace_receipt
from yinzheng.ledger.consents.receipts import make_receipt
from yinzheng.ledger.disputes import collecting
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.store.models_consents import Attempt, Consent, Withdrawal
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.bytes.cose import to_base32
from yinzheng.verifier.containers.target import read_target
from yinzheng.verifier.errors import UsageFault, YinzhengError
from yinzheng.verifier.formats.receipt import (
    decode_receipt,
    decode_receipt_qr,
    encode_receipt,
    granted_statement,
    short_receipt,
    with_credential,
)

BORN = "1980-02-29"
CARD = Seen("identity_card")
EVERYTHING = {"everything": True, "scopes": [], "recipients": []}
ACTS: list[tuple[str, dict[str, Any]]] = [
    ("see", {}),
    ("withdraw", {"guardian": False, "extent": EVERYTHING}),
]


class _Here:
    """A desk that acts at once, in this process."""

    limits = DeskLimits()
    memory = Memory(limits.bytes_in_flight, limits.small_in_flight)
    pages = PAGES

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def do(self, act: Callable[[Registry], Any]) -> Any:
        return act(self._registry)


class Scene:
    """A registry with two patients' receipts, and a desk that is asked about them."""

    def __init__(self, world: World, registry: Registry, founded: Founded) -> None:
        self.world, self.registry = world, registry
        bodies = [founded.consent(number) for number in (1, 2)]
        self.subjects = [one.subject for one in grant(registry, bodies, HOSPITAL)]
        settle(registry)
        self.by = actor_of(registry, OFFICER)
        self.own = [issue_receipt(registry, subject, self.by) for subject in self.subjects]
        self.serve(registry)

    def serve(self, registry: Registry) -> None:
        """Let the desk answer from that registry."""
        found = routes.patients(cast("Desk", _Here(registry))).routes
        self.app = Starlette(routes=found, exception_handlers={YinzhengError: _fault})

    def ask(self, what: str, receipt: str, born: str = BORN, **more: Any) -> tuple[int, bytes]:
        async def asked() -> tuple[int, bytes]:
            transport = httpx.ASGITransport(self.app, client=("127.0.0.1", 50_000))
            async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
                body = {"receipt": receipt, "born": born, **more}
                got = await client.post(f"/patient/v1/{what}", json=body, headers=SHOWN)
                return got.status_code, got.content

        return asyncio.run(asked())

    def code(self, what: str, receipt: str, born: str = BORN, **more: Any) -> str:
        status, body = self.ask(what, receipt, born, **more)
        assert status == 403, body
        return str(json.loads(body)["code"])

    def credential(self, number: int = 0) -> bytes:
        found = decode_receipt_qr(self.own[number].qr).credential
        assert found is not None
        return found

    def withdrawals(self) -> int:
        with self.registry.store.reading() as session:
            return len(session.exec(select(Withdrawal.id)).all())


@pytest.fixture
def scene(founded: Founded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr(routes, "REFUSED_AFTER", 1e-6)
    shutil.copytree(founded.root, tmp_path / "state")
    world = World(tmp_path / "state", Clock(int(time.time())))
    with world.open() as registry:
        yield Scene(world, registry, founded)


def forms(secret: bytes) -> list[bytes]:
    """How a secret may stand somewhere."""
    return [
        secret,
        secret.hex().encode(),
        secret.hex().upper().encode(),
        to_base32(secret).encode(),
        to_base32(secret).lower().encode(),
        base64.b64encode(secret),
        base64.urlsafe_b64encode(secret),
    ]


def disclosed(registry: Registry, subject: bytes) -> bytes:
    """Every byte of what a pack discloses of a consent (S16.6)."""
    return b"".join(collecting.consent_item(registry, subject).chunks)


def test_from_a_pack_alone_nobody_is_the_patient(scene: Scene) -> None:
    """The pack discloses statement, body, date of birth and the commitment's secret; anyone can sign it."""
    registry, subject = scene.registry, scene.subjects[0]
    shown = json.loads(disclosed(registry, subject))["statements"][0]
    opens, body = bytes.fromhex(shown["secret"]), shown["body"]
    assert body["person"]["born"] == BORN
    genuine = decode_receipt_qr(make_receipt(registry, subject).qr).core
    assert shown["statement"]["subject"] == subject.hex()
    statement = granted_statement(
        subject=subject, profile=genuine.profile, at=genuine.at, commitment=genuine.commitment
    )
    forged = encode_receipt(
        statement,
        registry=genuine.registry,
        notice=genuine.notice,
        issued_at=genuine.issued_at,
        signer=Sm2PrivateKey.generate(),
        host="evil.example",
    )
    for text in (with_credential(forged, opens), with_credential(forged, scene.credential())):
        for what, more in ACTS:
            assert scene.code(what, text, **more) == "receipt-foreign"
    copy = copy_receipt(registry, subject, scene.by)  # what a court is given has a genuine core
    for text, code in (
        (copy.qr, "receipt-proof"),
        (with_credential(copy.qr, opens), "receipt-refused"),
        (with_credential(copy.qr, bytes(32)), "receipt-refused"),
        (with_credential(copy.qr, scene.credential(1)), "receipt-refused"),
        (with_credential(scene.own[1].qr, scene.credential()), "receipt-refused"),
    ):
        for what, more in ACTS:
            assert scene.code(what, text, **more) == code
    assert scene.withdrawals() == 0
    assert scene.ask("see", scene.own[0].qr)[0] == 200


def test_the_credential_is_nowhere_but_on_the_receipt(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    registry, subject = scene.registry, scene.subjects[0]
    secrets = [scene.credential()]
    got = scene.ask("withdraw", scene.own[0].qr, guardian=False, extent=EVERYTHING)
    assert got[0] == 201, got[1]
    settle(registry)
    renewed = replace_receipt(registry, subject, scene.by, CARD)
    found = decode_receipt_qr(renewed.qr).credential
    assert found is not None
    secrets.append(found)
    scene.ask("see", renewed.qr, "1999-01-01")
    seen = scene.ask("see", renewed.qr)
    paper = scene.ask("receipt", renewed.qr, form="json")
    assert (seen[0], paper[0]) == (200, 200)
    registry.store.fold()
    left = [seen[1], paper[1], renewed.file, disclosed(registry, subject), caplog.text.encode()]
    left += [scene.ask("see", scene.own[0].qr)[1], scene.ask("see", renewed.qr, "1999-01-01")[1]]
    left += [path.read_bytes() for path in scene.world.root.rglob("*") if path.is_file()]
    for form in (form for secret in secrets for form in forms(secret)):
        assert not any(form in one for one in left)
    assert to_base32(secrets[1]) in renewed.qr


def test_a_lost_receipt_ends_when_another_takes_its_place(scene: Scene) -> None:
    registry, subject, old = scene.registry, scene.subjects[0], scene.own[0].qr
    with pytest.raises(UsageFault) as caught:
        issue_receipt(registry, subject, scene.by)
    assert caught.value.code == "receipt-issued"
    for _ in range(6):  # who found it guesses, and closes it
        assert scene.code("see", old, "1999-01-01") == "receipt-refused"
    assert scene.code("see", old) == "receipt-refused"
    new = replace_receipt(registry, subject, scene.by, CARD).qr
    assert scene.ask("see", new)[0] == 200  # and has not closed the new one
    for born in (BORN, "1999-01-01"):
        for what, more in ACTS:
            assert scene.code(what, old, born, **more) == "receipt-replaced"
    # Who does not prove the old credential is not told that there was one.
    assert scene.code("see", with_credential(old, bytes(32))) == "receipt-refused"
    third = replace_receipt(registry, subject, scene.by, CARD).qr
    assert [scene.code("see", one) for one in (old, new)] == ["receipt-replaced"] * 2
    assert scene.ask("see", third)[0] == 200


def test_strangers_get_one_answer_byte_for_byte(scene: Scene) -> None:
    """For a subject that never was, a wrong credential, a wrong date, a closed receipt, an erased consent."""
    registry = scene.registry
    own, other = scene.own[0].qr, scene.own[1].qr
    core = decode_receipt_qr(own).core
    unknown = encode_receipt(
        replace(core.statement(), subject=b"\7" * 32),
        registry=core.registry,
        notice=core.notice,
        issued_at=core.issued_at,
        signer=registry.keys.sm2("issuer"),
        host="registry.example",
    )
    whats: list[tuple[str, dict[str, Any]]] = [
        ("see", {}),
        ("progress", {}),
        ("withdraw", {"guardian": False, "extent": EVERYTHING}),
        ("receipt", {"form": "pdf"}),
        ("conclusion", {"withdrawal": scene.subjects[0].hex()}),
    ]
    answers = set()
    for what, more in whats:
        answers |= {
            scene.ask(what, with_credential(unknown, scene.credential()), **more),
            scene.ask(what, with_credential(own, bytes(32)), **more),
            scene.ask(what, own, "1999-01-01", **more),
        }
    answers.add(scene.ask("see", own, "1999-01-01"))
    answers.add(scene.ask("see", own))  # closed by now, and the date is right
    with registry.store.transaction() as session:
        assert session.get_one(Attempt, scene.subjects[0]).wrong == 5
        session.get_one(Consent, scene.subjects[1]).wrapped_key = None
    answers.add(scene.ask("see", other))
    assert len(answers) == 1
    ((status, body),) = answers
    assert (status, json.loads(body)["code"]) == (403, "receipt-refused")


def test_the_short_code_opens_what_the_large_one_does(scene: Scene) -> None:
    own = short_receipt(scene.own[0].qr)
    seen, by_large = (json.loads(scene.ask("see", one)[1]) for one in (own, scene.own[0].qr))
    assert len(seen.pop("openings")) + 1 == len(by_large.pop("openings")), "each look is a line of its own"
    assert (seen["subject"], seen) == (scene.subjects[0].hex(), by_large)
    assert scene.ask("see", own.lower().replace("https://", "HTTPS://ELSEWHERE."))[0] == 200
    paper = scene.ask("receipt", own, form="pdf")
    assert paper[0] == 200
    shown = {decode_receipt(text).credential for text in read_target(paper[1]).shown or ()}
    assert shown == {scene.credential()}, "what is handed out has the credential that was shown"
    filed = scene.ask("withdraw", own, guardian=False, extent=EVERYTHING)
    assert filed[0] == 201
    going = scene.ask("progress", own)
    assert len(json.loads(going[1])["withdrawals"]) == 1
    other = scene.subjects[1].hex()
    ended = {"withdrawal": json.loads(filed[1])["withdrawal"]}
    assert scene.ask("conclusion", own, **ended)[1] == scene.ask("conclusion", scene.own[0].qr, **ended)[1]
    assert scene.ask("conclusion", own, withdrawal=other)[0] != 200


def test_a_short_code_that_is_not_ones_own_opens_nothing(scene: Scene) -> None:
    """As the large one: a proof copy's, another's, made up; a wrong date, closed, erased, replaced."""
    registry, (subject, erased) = scene.registry, scene.subjects
    own, credential = short_receipt(scene.own[0].qr), to_base32(scene.credential())

    def made(of: bytes, secret: str) -> str:
        return f"HTTPS://REGISTRY.EXAMPLE/C#{to_base32(of)}.{secret}"

    assert made(subject, credential).partition("#")[2] == own.partition("#")[2]
    for what, more in ACTS:
        assert scene.code(what, short_receipt(make_receipt(registry, subject).qr), **more) == "receipt-proof"
        assert scene.code(what, made(b"\7" * 32, "PROOF"), **more) == "receipt-proof", "of none, too"
    answers = {
        scene.ask("see", scene.own[0].qr, "1999-01-01"),
        *(
            scene.ask(what, *shown, **more)
            for what, more in ACTS
            for shown in (
                (made(b"\7" * 32, credential),),
                (made(subject, to_base32(bytes(32))),),
                (made(subject, to_base32(scene.credential(1))),),
                (made(erased, credential),),
            )
        ),
    }
    with registry.store.reading() as session:
        tried = session.get_one(Attempt, subject)
        assert tried.wrong == 1, "wrong credentials close nobody's receipt"
        assert session.get(Attempt, erased) is None
    assert scene.ask("see", own)[0] == 200
    answers |= {scene.ask("see", own, "1999-01-01") for _ in range(5)}
    answers |= {scene.ask("see", own), scene.ask("see", scene.own[0].qr)}  # closed, whichever is shown
    with registry.store.transaction() as session:
        session.get_one(Consent, erased).wrapped_key = None
    answers.add(scene.ask("see", short_receipt(scene.own[1].qr)))
    ((status, body),) = answers
    assert (status, json.loads(body)["code"]) == (403, "receipt-refused")
    new = replace_receipt(registry, subject, scene.by, CARD).qr
    assert [scene.code(what, own, **more) for what, more in ACTS] == ["receipt-replaced"] * 2
    assert scene.ask("see", short_receipt(new))[0] == 200
    assert scene.withdrawals() == 0


def test_a_compromised_key_signs_no_receipt(scene: Scene) -> None:
    """Receipts from before are good; what the thief signs opens nothing, whatever else they know (R41)."""
    own, instance = scene.own[0].qr, scene.registry.instance
    told_at = scene.registry.clock() + 1
    issuers = tuple(replace(one, compromised_at=told_at) for one in instance.issuers)
    registry = replace(scene.registry, instance=replace(instance, issuers=issuers))
    scene.serve(registry)
    assert scene.ask("see", own)[0] == 200
    scene.world.clock.advance(3600)
    stolen = with_credential(make_receipt(registry, scene.subjects[0]).qr, scene.credential())
    assert scene.code("see", stolen) == "receipt-foreign"
    assert scene.ask("see", own)[0] == 200


def test_a_refusal_leaves_at_one_of_a_few_moments() -> None:
    for passed in (0.0, 0.001, 0.249, 0.2501, 0.7, 3.0):
        wait = routes.until_next(passed)
        assert 0 < wait <= routes.REFUSED_AFTER + 1e-6
        times = (passed + wait) / routes.REFUSED_AFTER
        assert times == pytest.approx(round(times))
