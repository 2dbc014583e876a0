"""Consents, withdrawals, disputes and keys as programs ask for them: the rest of what desk and pages answer.

What is sent are the rows of `tests/tables/desk_rows.py`, which a test sends in every name; here each is sent
once, by one that may.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from tests.ledger import world as w
from tests.ledger.world import OFFICER, Clock, World, actor_of, create
from tests.scripts.talk import Said, as_shown, keep, keep_answer
from tests.tables.asking import FROM_PAGES, JSON_MEDIA
from tests.tables.desk_rows import ROWS
from tests.tables.scene import Scene
from yinzheng.ledger.people.decisions import SignedDecision
from yinzheng.verifier.bytes.canonical import dumps

SPOKEN: Final = (
    ("publish_notice", "POST /org/v1/notices", "other", "example"),
    ("list_uncovered", "GET /org/v1/notices/{written}/uncovered", "hospital", "example"),
    ("upload_consents", "POST /org/v1/consents (one)", "hospital", "one"),
    ("upload_consents", "POST /org/v1/consents (a batch)", "hospital", "a-batch"),
    ("copy_receipt", "GET /org/v1/consents/{written}/receipt", "hospital", "example"),
    ("hand_out_receipt", "POST /org/v1/consents/{written}/receipt", "hospital", "example"),
    ("record_use", "POST /org/v1/uses", "hospital", "example"),
    ("file_withdrawal", "POST /org/v1/withdrawals (with a receipt)", "passer", "by-a-receipt"),
    ("file_withdrawal", "POST /org/v1/withdrawals (a document seen)", "hospital", "at-the-counter"),
    ("see_withdrawal", "GET /org/v1/withdrawals/{written}", "hospital", "by-its-controller"),
    ("see_withdrawal", "GET /org/v1/withdrawals/{written}", "lab", "by-a-recipient"),
    ("prove_guardian", "POST /org/v1/withdrawals/{written}/guardian", "hospital", "example"),
    ("confirm_freeze", "POST /org/v1/withdrawals/{written}/freeze", "hospital", "example"),
    ("confirm_destruction", "POST /org/v1/withdrawals/{written}/receipt", "lab", "example"),
    ("fetch_notices", "GET /org/v1/notices-pending", "lab", "example"),
    ("draft_dispute", "POST /org/v1/disputes", "opener", "example"),
    ("upload_item", "PUT /org/v1/disputes/{written}/items/{number} (a draft)", "opener", "example"),
    ("prepare_opening", "POST /org/v1/disputes/{written}/prepare", "opener", "example"),
    ("open_dispute", "POST /org/v1/disputes/{written}/open", "opener", "example"),
    ("see_dispute", "GET /org/v1/disputes/{written}", "party", "example"),
    ("prepare_release", "POST /org/v1/disputes/{written}/release/prepare (settled)", "opener", "settled"),
    ("prepare_release", "POST /org/v1/disputes/{written}/release/prepare (decided)", "court", "decided"),
    ("release_dispute", "POST /org/v1/disputes/{written}/release (settled)", "opener", "settled"),
    ("release_dispute", "POST /org/v1/disputes/{written}/release (decided)", "court", "decided"),
    ("rotate_key", "POST /org/v1/key/rotate", "insurer", "example"),
    ("revoke_key", "POST /org/v1/key/revoke", "outsider", "example"),
)
"""Operation, row, who sends it, and the example's name; in an order in which each may be done."""


@contextmanager
def consenting(folder: Path) -> Iterator[Scene]:
    """A registry with everybody who may ask it something."""
    clock = Clock()
    world = World(create(folder / "state", clock), clock)
    with world.open() as registry, closing(Scene.found(world, registry, folder)) as scene:
        yield scene


def say_the_rest(scene: Scene, of_desk: Said, of_pages: Said) -> None:
    """Send each, and keep what was sent and answered."""
    for operation, row, who, name in SPOKEN:
        scene.settle()
        asked, method = ROWS[row](scene, who), row.partition(" ")[0]
        got = scene.signed(who, method, asked.path, asked.body, asked.media)
        if asked.body not in (b"", b"{}"):
            keep(of_desk, operation, "request", asked.media, name, as_shown(asked.body, asked.media))
        keep_answer(of_desk, operation, name, got)
        scene.took(row, who)
    body = _decision(scene)
    keep(of_desk, "decide", "request", JSON_MEDIA, "example", as_shown(body, JSON_MEDIA))
    keep_answer(of_desk, "decide", "example", scene.ask(scene.desk, "POST", "/people/v1/decisions", body))
    of_desk["fetch_pack"] = {"parameters": {"only": "1,3"}}
    keep_answer(of_desk, "health", "example", scene.ask(scene.desk, "GET", "/healthz", headers=FROM_PAGES))
    assert scene.notice  # a case is open to the public
    scene.settle()
    for operation, path in (("publicity", "/v1/publicity"), ("health", "/healthz")):
        keep_answer(of_pages, operation, "example", scene.ask(scene.pages, "GET", path))


def _decision(scene: Scene) -> bytes:
    """An officer takes an application in, in a decision signed on a machine of their own."""
    case = w.apply(scene.registry, scene.dossiers / "applied")
    scene.settle()
    accept = SignedDecision(
        origin=scene.registry.instance.origin,
        chain=scene.registry.instance.chain_id,
        person=OFFICER,
        action="accept",
        case=case,
        arguments={"procedure": "simplified", "reasons": "来源单一。"},
        at=scene.registry.clock(),
        nonce=bytes(16),
    )
    return dumps(accept.sign(actor_of(scene.registry, OFFICER).key).to_json())
