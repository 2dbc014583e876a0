"""docs/schemas: what is checked in is what the readers' tables say, takes real files, and no changed ones."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from tests.desk.described import require_described
from tests.scripts.desk_openapi import OPERATIONS, document
from tests.scripts.form_schemas import Forms
from tests.scripts.schemas import FOLDER, FORMATS, OWN, files, schema_of
from tests.tables.known import routes_of
from tests.verifier import bodies
from tests.verifier.access_world import line
from tests.verifier.contract_world import ContractWorld
from tests.verifier.formats.test_dossier import body as dossier_body
from tests.verifier.formats.test_evidence_items import ABOUTS, item
from tests.verifier.pack.pack_world import opening_json, release_json
from tests.verifier.pack.test_manifest import manifest_json
from tests.verifier.receipt_world import genuine_receipt
from yinzheng.api.desk.app import create_app
from yinzheng.api.desk.server import DeskLimits
from yinzheng.ledger.people.decisions import SignedDecision
from yinzheng.verifier.bytes.algorithms import digest_pair
from yinzheng.verifier.bytes.canonical import text
from yinzheng.verifier.formats.destruction import parse_receipt
from yinzheng.verifier.formats.dispute import parse_opening
from yinzheng.verifier.formats.dispute_paper import paper_of
from yinzheng.verifier.formats.dossier import disclose
from yinzheng.verifier.formats.objection_paper import Objected, ObjectionPaper
from yinzheng.verifier.formats.receipt_paper import ReceiptPaper
from yinzheng.verifier.formats.request import Request

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "spec"
EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "dossiers"
Json = dict[str, Any]


def vector(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


def samples() -> dict[str, list[Any]]:
    """Real values of each format: of the worked vectors, of the examples, else of the readers' own tests."""
    whole, withdrawals = vector("whole"), vector("withdrawals")
    receipts = [one["file"] for one in vector("receipts")["receipts"]]
    kept = {"v": 1, "certificate": "SJ4412026110001", "by": bodies.notice()["controller"], "at": 1}
    trades = [one["file"] for one in vector("trades")["receipts"]]
    statements = [json.loads(one["canonical"]) for one in vector("statements")["statements"]]
    lines = [line(number, None) for number in (1, 2)]
    asked = Request(
        bytes(32), bodies.LAB, bytes(8), "POST", "/org/v1/consents", digest_pair(b""), 1, bytes(16)
    )
    decided = SignedDecision("o/log", 1, "chen", "accept", "A1", {}, 1, bytes(16), signature=bytes(65))
    return {
        "access-line": [one.to_json() for one in lines],
        "application": [json.loads(path.read_bytes()) for path in EXAMPLES.glob("*/application.json")],
        "body": [one["body"] for one in vector("certificates")["certificates"]],
        "certificate": [whole["file"]],
        "certificate-cancelled": [bodies.cancellation()],
        "certificate-lapsed": [bodies.lapse()],
        "conclusion": [withdrawals["conclusion"]["file"]],
        "consent": [bodies.consent(), *(one["body"] for one in receipts)],
        "decision": [decided.to_json()],
        "destruction-receipt": [json.loads(withdrawals["receipt"]["canonical"])],
        "dispute-opening": [opening_json()],
        "dispute-release": [release_json()],
        "dispute-paper": [
            paper_of(parse_opening(opening_json()), b"\1" * 32, profile="GD-HEALTH/1", prev=None).to_json()
        ],
        "objection-paper": [
            ObjectionPaper(Objected(b"\1" * 32, "某人", "不实"), b"\2" * 32, b"\3" * 20).to_json()
        ],
        "receipt-paper": [
            ReceiptPaper(
                parse_receipt(withdrawals["receipt"]["canonical"].encode()), b"\2" * 32, b"\3" * 20
            ).to_json()
        ],
        "enrolment": [bodies.enrolment(), bodies.holder_enrolment()],
        "evidence-item": [item(kind) for kind in ABOUTS],
        "file-disclosure": [disclose(dossier_body(), 1).to_json()],
        "joint-request": [one["file"] for one in vector("moves")["requests"]],
        "key-revocation": [bodies.revocation(), bodies.account_revocation()],
        "key-rotation": [bodies.rotation(), bodies.holder_rotation(), bodies.decided_rotation()],
        "notice": [bodies.notice(), *(one["notice"] for one in receipts)],
        "order": [bodies.order(), *(one["file"] for one in vector("orders")["orders"])],
        "pack-manifest": [manifest_json()],
        "prepared": [one["file"] for one in vector("moves")["prepared"]],
        "receipt": [genuine_receipt(), *receipts],
        "chain-found": [bodies.found()],
        "remark-entered": [bodies.remark(), bodies.pledge()],
        "remark-lifted": [bodies.lifting()],
        "request": [asked.to_json()],
        "reservation-made": [{**kept, "until": 2}],
        "reservation-released": [{**kept, "reservation": "ab" * 32}],
        "right-history": [vector("histories")["file"]],
        "statement": statements,
        "tombstone": [bodies.tombstone()],
        "trade": [one["body"]["asked"] for one in trades],
        "trade-check": trades,
        "contract-proof": [ContractWorld().file()],
        "trade-checked": [one["body"] for one in trades],
        "trade-contract": [one["file"] for one in vector("contracts")["contracts"]],
        "trust": [whole["trust"], vector("packs")["trust"]],
        "veto": [bodies.veto()],
        "webhook": [json.loads(withdrawals["notice"]["body"])],
        "withdrawal-completed": [withdrawals["conclusion"]["file"]["body"]],
        "withdrawal-requested": [json.loads(withdrawals["requested"]["canonical"]), *_steps(receipts)],
    }


def _steps(receipts: list[Json]) -> list[Json]:
    """The requests of withdrawals in receipts."""
    events = [event for one in receipts for event in one["events"]]
    return [one["body"] for one in events if one["statement"]["type"] == "withdrawal.requested"]


SAMPLES = samples()


def mutated(sample: Json) -> Iterator[tuple[str, Json]]:
    """The value with one name too many, and with each of its names wanting or holding something else."""
    yield "a name too many", {**sample, "picture": "x"}
    for name in sample:
        if name != "about" and name != "data":
            yield f"{name} holds a list of lists", {**sample, name: [[]]}


def test_what_is_checked_in_is_what_the_tables_say() -> None:
    made = files()
    assert {path.name for path in FOLDER.iterdir()} == set(made)
    for name, content_ in made.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == content_, f"{name}: run scripts/schemas"


@pytest.mark.parametrize("name", FORMATS)
def test_each_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(schema_of(name))


@pytest.mark.parametrize("name", SAMPLES)
def test_real_files_are_valid_and_changed_ones_are_not(name: str) -> None:
    valid = Draft202012Validator(schema_of(name))
    assert SAMPLES[name]
    for sample in SAMPLES[name]:
        valid.validate(sample)
        for what, changed in mutated(sample):
            assert not valid.is_valid(changed), what
    required = schema_of(name)["required"]
    for absent in required:
        less = copy.deepcopy(SAMPLES[name][0])
        del less[absent]
        assert not valid.is_valid(less), absent


def nameless(path: str) -> str:
    """An address without the names of what stands in it."""
    return re.sub(r"\{\w+\}", "{}", path)


def test_the_desks_document_has_every_address_for_others() -> None:
    app = create_app(SimpleNamespace(limits=DeskLimits()))  # type: ignore[arg-type]  # nothing is asked of it
    routes = {(method.lower(), path) for method, path in map(str.split, routes_of(app))}
    inner = ("/patient/", "/public/", "/schemas/", "/openapi.json")
    own = {(method, nameless(path)) for method, path in routes if not path.startswith(inner)}
    assert {(one.method, nameless(one.path)) for one in OPERATIONS} == own
    uploads = document(OWN)["paths"]["/org/v1/disputes/{dispute}/items/{number}"]["put"]["requestBody"]
    assert next(iter(uploads["content"].values()))["schema"]["format"] == "binary"


@pytest.mark.parametrize(
    ("path", "status", "media", "body"),
    [
        ("uses", 201, "application/json", {"recorded": True, "line": 1}),
        ("uses", 201, "application/json", {"recorded": True, "line": 1, "covered": None, "name": "x"}),
        ("uses", 200, "application/json", {"recorded": True, "line": 1, "covered": None}),
        ("uses", 201, "text/plain", {"recorded": True, "line": 1, "covered": None}),
        ("consents?once=1", 422, "application/problem+json", {"code": "x"}),
        ("consents?once=1", 418, "application/problem+json", {"code": "x"}),
    ],
)
def test_an_answer_that_is_not_described_is_named(path: str, status: int, media: str, body: Json) -> None:
    """As the desk's tests hold each of its answers against the document."""
    with pytest.raises((AssertionError, ValidationError)):
        require_described("POST", f"/org/v1/{path}", status, media, json.dumps(body).encode())
    right = json.dumps({"recorded": True, "line": 1, "covered": None}).encode()
    require_described("POST", "/org/v1/uses", 201, "application/json", right)


def test_what_a_kind_is_about_is_checked_by_its_kind() -> None:
    valid = Draft202012Validator(schema_of("evidence-item"))
    assert not valid.is_valid(item("file") | {"about": ABOUTS["consent"]})


def test_a_check_that_nobody_described_is_refused() -> None:
    def own(value: object, _path: str) -> object:
        return value

    with pytest.raises(KeyError, match="own is a check without a row"):
        Forms(OWN).of(own)


def test_bounds_are_those_of_the_reader() -> None:
    check: Callable[[object, str], str] = text(2, 3, "[a-z]*")
    assert Forms(OWN).of(check) == {
        "type": "string",
        "minLength": 2,
        "maxLength": 3,
        "pattern": "^(?:[a-z]*)$",
    }
