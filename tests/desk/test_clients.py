"""Clients that a well-kept generator makes of what both services say of themselves (docs/clients.md)."""

from __future__ import annotations

import importlib
import io
import os
import pkgutil
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.api.flood import served
from tests.desk.calls import running_desk
from tests.desk.conftest import Founded
from tests.ledger.consent_world import DAY, HOSPITAL, KEYS, LAB, ConsentWorld
from tests.ledger.world import Clock, World, create, to_deposited
from yinzheng.api.web.app import create_app
from yinzheng.ledger.document.forms import write_documents
from yinzheng.ledger.reading import open_reader
from yinzheng.ledger.registry import wall_clock
from yinzheng.verifier.bytes.canonical import dumps

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".venv-generator" / "bin"


@dataclass(frozen=True)
class Services:
    """A registry with a certificate and a notice, its desk and its pages, and a client of each."""

    founded: Founded
    pdf: Path
    desk: str
    registry: bytes
    pages: str
    shown: dict[str, Any]
    """What docs/clients.md defines."""

    def verdict(self, document: Path) -> Any:
        """What the pages' client reads of a document."""
        return self.shown["verdict"](self.pages, document)

    def upload(self, body: Any, org: str = HOSPITAL, **query: str) -> Any:
        """What the desk's client reads of the answer to consents."""
        client = self.shown["desk"](self.desk, self.registry, org, KEYS[org])
        return of("desk.api.consents.upload_consents").sync(client=client, body=body, **query)

    def batch(self, *consents: dict[str, Any]) -> Any:
        """Consents, one a line."""
        return of("desk.types").File(io.BytesIO(b"\n".join(map(dumps, consents))))


def of(name: str) -> Any:
    """A module that was generated."""
    return importlib.import_module(f"yinzheng_{name}")


def generate(document: str, folder: Path) -> None:
    """As anyone does. The generator warns of nothing, and what it made is formatted and whole."""
    made = subprocess.run(
        [ROOT / "scripts" / "client", document, folder],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "PYTHON": sys.executable},
    )
    said = made.stdout + made.stderr
    assert made.returncode == 0, said
    assert "warning" not in said.lower(), said
    for check in (["check", "--select", "E9,F"], ["format", "--check"]):
        subprocess.run([TOOLS / "ruff", *check, "--isolated", "--quiet", folder], check=True, timeout=60)
    found = importlib.import_module(folder.name)
    for module in pkgutil.walk_packages(found.__path__, f"{folder.name}."):
        importlib.import_module(module.name)


def shown() -> dict[str, Any]:
    """What the programs in docs/clients.md define, each of which stands alone."""
    found: dict[str, Any] = {}
    text = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
    for program in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        alone: dict[str, Any] = {}
        exec(program, alone)
        found |= alone
    return found


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("clients")
    clock = Clock(int(time.time()) - 30 * DAY)
    world = World(create(folder / "state", clock), clock)
    with world.open() as registry:
        _, number = to_deposited(registry, clock, folder / "dossier")
        clock.now = int(time.time()) - 60
        made = ConsentWorld(registry)
    founded = Founded(world.root, made.notice, made.digest)
    with (
        running_desk(world.root) as desk,
        open_reader(world.root, wall_clock) as reader,
        served(create_app(reader, clock=wall_clock)) as web,
        pytest.MonkeyPatch.context() as patch,
    ):
        pdf = next(path for path in write_documents(reader, number, folder) if path.suffix == ".pdf")
        pages = f"http://127.0.0.1:{web.port}"
        patch.syspath_prepend(folder)
        generate(f"{desk.url}/openapi.json", folder / "yinzheng_desk")
        generate(f"{pages}/v1/openapi.json", folder / "yinzheng_pages")
        yield Services(founded, pdf, desk.url, desk.registry, pages, shown())


def test_an_exchange_verifies_a_certificate(services: Services) -> None:
    answer = services.verdict(services.pdf)
    assert isinstance(answer, of("pages.models").AnswerOut)
    assert (answer.verdict.word, answer.report.kind) == ("genuine", "pdf")
    assert answer.report.in_force is True
    assert answer.report.number == services.pdf.stem
    assert [one.outcome for one in answer.report.obligations] == ["VALID"] * 10
    assert answer.policy.own is True, "the registry about itself"


def test_a_document_of_someone_elses_is_an_answer_too(services: Services, tmp_path: Path) -> None:
    data = services.pdf.read_bytes()
    other = tmp_path / "other.pdf"
    other.write_bytes(data[: len(data) // 2])
    answer = services.verdict(other)
    assert isinstance(answer, of("pages.models").AnswerOut)
    assert answer.verdict.word == "not_ours"


def test_what_cannot_be_verified_is_a_problem(services: Services) -> None:
    models, verify = of("pages.models"), of("pages.api.verification.verify")
    client = of("pages").Client(base_url=services.pages)
    for body, code in (
        (models.Upload(text=" "), "form-empty"),
        (models.Upload(text=services.pdf.stem), "number-alone"),
    ):
        answer = verify.sync_detailed(client=client, body=body)
        assert isinstance(answer.parsed, models.ProblemOut)
        assert (answer.status_code, answer.parsed.status, answer.parsed.code) == (400, 400, code)
        assert answer.parsed.hint
    missing = of("pages.api.verification.certificate_file").sync(client=client, number="SJ4412026119999")
    assert isinstance(missing, models.ProblemOut)
    assert missing.code == "not-found"


def test_a_hospital_uploads_consents(services: Services) -> None:
    models = of("desk.models")
    number, consents = secrets.token_hex(16), [services.founded.consent(n) for n in (1, 2, 3)]
    first = services.upload(services.batch(*consents), once=number)
    assert isinstance(first, models.Granted)
    assert [one.already for one in first.granted] == [False] * 3
    assert all(re.fullmatch("[0-9a-f]{64}", one.leaf) for one in first.granted)
    assert services.upload(services.batch(*consents), once=number) == first, "sent again"
    alone = services.upload(models.Consent.from_dict(consents[1]))
    assert isinstance(alone, models.Granted)
    assert alone.granted[0].already is True
    assert alone.granted[0].subject == first.granted[1].subject


def test_what_is_not_recorded_is_a_problem(services: Services) -> None:
    problem, consent = of("desk.models").Problem, services.founded.consent(4)
    unlawful = services.upload(services.batch(consent, {**services.founded.consent(5), "until": 5}))
    assert isinstance(unlawful, problem)
    assert (unlawful.status, unlawful.index) == (422, 1)
    recipient = services.upload(services.batch(consent), LAB)
    assert isinstance(recipient, problem)
    assert (recipient.status, recipient.code) == (403, "organisation-role")
    unsigned = of("desk.api.consents.upload_consents").sync_detailed(
        client=of("desk").Client(base_url=services.desk), body=services.batch(consent)
    )
    assert isinstance(unsigned.parsed, problem)
    assert (unsigned.status_code, unsigned.parsed.code) == (401, "request-missing")
    assert services.upload(services.batch(consent)).granted[0].already is False, "none of them recorded it"
