"""What must be refused, one file each under tests/vectors/spec/refused: what was done to what was whole, and
the code that names the reason.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from tests.scripts import (
    contract_vectors,
    following_vectors,
    history_vectors,
    move_vectors,
    rights_vectors,
)
from tests.scripts.move_vectors import request_of
from tests.verifier.bodies import LAB
from tests.verifier.contracts import BUYER, SELLER, applies, contract
from tests.verifier.following_world import NEW, NOTARY, policy, statement
from tests.verifier.receipt_world import ReceiptWorld
from tests.verifier.world import DAY, HOSPITAL, body_json
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey
from yinzheng.verifier.bytes.sm2 import Sm2Backend
from yinzheng.verifier.formats.body import parse_body
from yinzheng.verifier.formats.certificate import encode_qr
from yinzheng.verifier.formats.move_request import read_request
from yinzheng.verifier.formats.receipt import short_receipt
from yinzheng.verifier.formats.shortcode import short_code
from yinzheng.verifier.log.note import NoteSigner

Json = dict[str, Any]
Edit = Callable[[Any], object]


def edited(value: Json, *edits: Edit) -> Json:
    """A copy with these changes."""
    made = copy.deepcopy(value)
    for edit in edits:
        edit(made)
    return made


def put(value: Any, *path: str | int) -> Edit:
    """Put a value at a path."""

    def edit(made: Any) -> None:
        for step in path[:-1]:
            made = made[step]
        made[path[-1]] = value

    return edit


def refused(
    backend: Sm2Backend, issuer: Sm2PrivateKey, signers: tuple[NoteSigner, ...]
) -> Mapping[str, Json]:
    """By file: the kind of value, the value, what is wrong with it, and the code that says so."""
    made = [
        *_requests(backend),
        *_moves(),
        *_prepared(),
        *_orders(),
        *_contracts(backend),
        *_histories(issuer, signers),
        *_validators(backend, issuer),
        *_receipts(backend),
        *_short_codes(issuer),
        *_short_receipts(issuer),
    ]
    return {f"{kind}/{name}.json": {**said, "kind": kind} for kind, name, said in made}


def _case(kind: str, name: str, desc: str, want: str, value: Any, **more: Any) -> tuple[str, str, Json]:
    return kind, name, {"desc": desc, "wantErr": want, "value": value, **more}


def _requests(backend: Sm2Backend) -> list[tuple[str, str, Json]]:
    kind, first, second = "joint-request", HOSPITAL["code"], LAB
    licence = read_request(request_of("licence"))
    whole: Json = {**move_vectors.joint(licence, backend).to_json()}
    alone: Json = {**move_vectors.joint(licence, backend, first).to_json()}
    agent = move_vectors.authorised(licence, backend)
    late = move_vectors.authorised(licence, backend, until=licence.made_at - 1)
    twice: Json = {**agent.to_json(), "signatures": whole["signatures"]}
    holders = [{**HOSPITAL, "role": "holder"}] * 2
    swapped = [whole["request"]["parties"][at] for at in (1, 0)]
    no_licence = {**licence.terms.to_json(), "acts": []}
    other = "91350100M000100Y43"
    return [
        _case(kind, "changed-after-signing", "its term is longer than what was signed", "joint-signature",
              edited(whole, put(whole["request"]["terms"]["ends"] + DAY, "request", "terms", "ends"))),
        _case(kind, "signed-by-another-key", "one party's key stands beside the other's signature",
              "joint-signature",
              edited(whole, put(whole["signatures"][1]["key"], "signatures", 0, "key"))),
        _case(kind, "one-has-not-signed", "the licensor alone signed", "joint-unsigned", alone),
        _case(kind, "a-stranger-signed", "one of the signatures says that it is a stranger's",
              "joint-stranger", edited(whole, put(other, "signatures", 0, "code"))),
        _case(kind, "signed-and-authorised", "a party signed and authorised the other too",
              "joint-signature", twice),
        _case(kind, "authorisation-over", "made after the authorisation's end", "joint-authorisation",
              late.to_json()),
        _case(kind, "licence-to-itself", "licensor and licensee are one", "same-organisation",
              edited(whole, put(first, "request", "parties", 1, "code"))),
        _case(kind, "parties-in-another-order", "the licensee comes first", "request-parties",
              edited(whole, put(swapped, "request", "parties"))),
        _case(kind, "a-holder-twice", "the same holder asks twice", "request-parties",
              edited(whole, put(request_of("renewal", parties=holders), "request"))),
        _case(kind, "a-licence-of-no-act", "no act is licensed", "field-value",
              edited(whole, put(no_licence, "request", "terms"))),
        _case(kind, "a-name-too-many", "a name that no version knows", "field-unknown",
              edited(whole, put("x", "request", "more"))),
        _case(kind, "no-credit-code", "a party's code has the wrong check character", "credit-code",
              edited(whole, put(second[:-1] + "A", "request", "parties", 1, "code"))),
    ]  # fmt: skip


def _moves() -> list[tuple[str, str, Json]]:
    kind = "move"
    transfer, change, renewal = (
        move_vectors.prepared(read_request(request_of(name)))["file"]["stated"][-1]
        for name in ("transfer", "change", "renewal")
    )
    passed: Json = {"type": "right.transferred", "body": transfer["body"]}
    changed: Json = {"type": "certificate.changed", "body": change["body"]}
    return [
        _case(kind, "a-transfer-to-itself", "transferor and transferee are one", "same-organisation",
              edited(passed, put(transfer["body"]["transferor"], "body", "transferee"))),
        _case(kind, "a-transfer-of-nothing", "no right passes", "field-value",
              edited(passed, put([], "body", "rights"))),
        _case(kind, "a-change-without-ground", "it does not say why", "field-missing",
              edited(changed, lambda made: made["body"].pop("ground"))),
        _case(kind, "a-change-of-holders", "its ground is none that a change may have", "field-value",
              edited(changed, put("holders", "body", "ground"))),
        _case(kind, "a-renewal-with-a-remainder", "a renewal names what stayed, as a transfer does",
              "field-unknown",
              {"type": "certificate.renewed", "body": {**renewal["body"], "remainder": None}}),
    ]  # fmt: skip


def _prepared() -> list[tuple[str, str, Json]]:
    kind = "prepared"
    licence, transfer = (
        move_vectors.prepared(read_request(request_of(name))) for name in ("licence", "transfer")
    )
    other = move_vectors.prepared(read_request(request_of("transfer", terms={"rights": ["use"]})))

    def case(name: str, desc: str, want: str, of: Json, *edits: Edit, **more: Any) -> tuple[str, str, Json]:
        said = {"request": of["request"], "domain": of["domain"], **more}
        return _case(kind, name, desc, want, edited(of["file"], *edits), **said)

    word = "0x" + "ab" * 32
    return [
        case("another-statement-signed", "the message names another statement than is shown",
             "approval-content", licence, put(word, "message", "message", "statement")),
        case("a-longer-term-signed", "the message's term is longer than the licence that is shown",
             "approval-content", licence, put(2_000_000_000, "message", "message", "validUntil")),
        case("for-another-contract", "the message is for another contract than the one pinned",
             "approval-message", licence, put("0x" + "11" * 20, "message", "domain", "verifyingContract")),
        case("for-another-chain", "the message is for another chain", "approval-message", licence,
             put(1, "message", "domain", "chainId")),
        case("a-body-that-was-changed", "the body shown is not the one that is committed to",
             "approval-content", licence, put("别的用途", "stated", 0, "body", "purposes")),
        case("more-than-was-asked", "more rights pass than the request asks for", "approval-request",
             transfer, request=other["request"]),
        case("without-the-certificate-before", "what follows cannot be compared with what ends",
             "approval-request", transfer, put(None, "before")),
        case("a-successor-left-out", "the certificate of what stays is not shown", "approval-content",
             transfer, lambda made: made["stated"].pop(1)),
    ]  # fmt: skip


def _orders() -> list[tuple[str, str, Json]]:
    kind = "order"
    seizure, lifting, cancellation, reserved, _ = (one["file"] for one in move_vectors.orders()["orders"])
    return [
        _case(kind, "a-body-that-was-changed", "the body is not what the statement commits to",
              "commitment", edited(seizure, put("另行查封", "body", "text"))),
        _case(kind, "of-another-certificate", "the statement is about another certificate than the body",
              "order-malformed", edited(seizure, put("ab" * 32, "statement", "subject"))),
        _case(kind, "at-another-time", "statement and body are of two times", "order-malformed",
              edited(lifting, put(1, "statement", "at"))),
        _case(kind, "an-exchange-cancels", "an exchange orders what a forum alone may", "order-malformed",
              edited(cancellation, put("exchange", "statement", "by"))),
        _case(kind, "a-forum-reserves", "a forum orders what an exchange alone may", "order-malformed",
              edited(reserved, put("forum", "statement", "by"))),
        _case(kind, "no-prior-statement", "it follows nothing", "order-malformed",
              edited(seizure, put(None, "statement", "prev"))),
        _case(kind, "a-seizure-without-document", "a seizure rests on no document", "remark-document",
              edited(seizure, put(None, "body", "document"))),
        _case(kind, "a-short-signature", "the signature has 64 bytes", "field-value",
              edited(seizure, put(seizure["signature"][2:], "signature"))),
    ]  # fmt: skip


def _contracts(backend: Sm2Backend) -> list[tuple[str, str, Json]]:
    kind = "trade-contract"
    whole: Json = {**contract_vectors.signed(contract(), backend).to_json()}
    off, price = {"applies": False}, applies("price")

    def case(name: str, desc: str, want: str, *edits: Edit) -> tuple[str, str, Json]:
        keys = {
            code: contract_vectors.key_of(code, backend).public_key.point.hex() for code in (SELLER, BUYER)
        }
        return _case(kind, name, desc, want, edited(whole, *edits), keys=keys)

    first, second = whole["signatures"]
    clauses = ("contract", "clauses")
    return [
        case("a-clause-both", "a clause does not apply, and has terms", "clause-both",
             put({**off, "terms": price["terms"]}, *clauses, "price")),
        case("a-clause-neither", "a clause applies, and has no terms", "clause-neither",
             put({"applies": True}, *clauses, "price")),
        case("a-clause-missing", "nothing is said of a clause", "field-missing",
             lambda made: made["contract"]["clauses"].pop("forum")),
        case("a-term-of-no-length", "a term has neither days nor a purpose to meet", "clause-term",
             put(applies("term", days=None), *clauses, "term")),
        case("signed-in-another-order", "signatures do not ascend by code", "contract-signatures",
             put([second, first], "signatures")),
        case("signed-by-a-stranger", "a signature is no party's", "contract-signatures",
             put("11440100MB2DEMC01T", "signatures", 0, "code")),
        case("changed-after-signing", "the price is another than was signed", "contract-signature",
             put(applies("price", fen=1), *clauses, "price")),
        case("an-unknown-kind", "it is neither share nor transfer", "field-value",
             put("lend", "contract", "kind")),
    ]  # fmt: skip


def _histories(issuer: Sm2PrivateKey, signers: tuple[NoteSigner, ...]) -> list[tuple[str, str, Json]]:
    kind, whole = "right-history", history_vectors.file(issuer, signers)
    policy, now = history_vectors.policy(), history_vectors.NOW

    def case(name: str, desc: str, want: str, *edits: Edit) -> tuple[str, str, Json]:
        return _case(kind, name, desc, want, edited(whole, *edits), trust=policy, now=now)

    def drop(at: int) -> Edit:
        return lambda made: made["statements"].pop(at)

    return [
        case("a-licence-left-out", "the chain lists a licence that is not told", "history-short", drop(1)),
        case("a-pledge-left-out", "the chain counts a remark that is not told", "history-short", drop(4)),
        case("a-deposit-left-out", "a certificate is shown without its deposit", "history-form", drop(2)),
        case("told-otherwise", "a licence's purposes are others than were stated", "commitment",
             put("别的用途", "statements", 1, "body", "purposes")),
        case("dated-back", "a remark is dated before it was made", "inclusion-proof",
             put(history_vectors.PLEDGED - DAY, "statements", 4, "statement", "at")),
        case("out-of-order", "statements are not in the order of the log", "history-form",
             lambda made: made["statements"].reverse()),
    ]  # fmt: skip


def _validators(backend: Sm2Backend, issuer: Sm2PrivateKey) -> list[tuple[str, str, Json]]:
    kind, stranger = "validators", Sm2PrivateKey.from_bytes(bytes(31) + b"\7", backend)
    whole, pinned = statement(issuer), policy()
    later = following_vectors.changes(issuer)["changes"][-1]["followed"]

    def case(name: str, desc: str, want: str, value: Json, trust: Json = pinned) -> tuple[str, str, Json]:
        return _case(kind, name, desc, want, value, trust=trust)

    return [
        case("signed-by-another-key", "a stranger signed it, in the issuer's name", "change-signature",
             edited(whole, put(statement(stranger)["signature"], "signature"))),
        case("by-a-stranger", "its key is no issuer's", "change-signature", statement(stranger)),
        case("from-another-block", "the block was changed after signing", "change-signature",
             edited(whole, put(499, "from"))),
        case("another-validator", "a validator was exchanged after signing", "change-signature",
             edited(whole, put(NEW, "addresses", 0), put("ff" * 20, "addresses", 1))),
        case("before-the-issuer", "it was stated before the issuer's key was entitled", "change-unentitled",
             statement(issuer, stated_at=1)),
        case("another-genesis", "it is of a chain with another first block", "change-chain",
             statement(issuer, genesis="ab" * 32)),
        case("another-consensus", "it names another consensus", "change-chain",
             statement(issuer, consensus="qbft")),
        case("again", "the policy knows that set, and one after it", "change-order", whole, later),
        case("from-the-beginning", "no set begins before the first block", "change-malformed",
             statement(issuer, **{"from": 0})),
        case("without-whom-the-reader-insists-on", "the notary has no validator in it", "change-insisted",
             whole, policy(insisted=[NOTARY])),
        case("a-validator-twice", "an address stands in it twice", "change-malformed",
             statement(issuer, addresses=[NEW, NEW])),
        case("nobody", "it names no validator", "change-malformed", statement(issuer, addresses=[])),
        case("a-member-more", "it has a member that nothing asks for", "change-malformed",
             edited(whole, put(1, "more"))),
    ]  # fmt: skip


def _receipts(backend: Sm2Backend) -> list[tuple[str, str, Json]]:
    kind, made = "consent-receipt", rights_vectors.receipts(backend)
    plain, part, read = (one["file"] for one in made["receipts"])
    uncounted = rights_vectors.uncounted(backend)

    def case(name: str, desc: str, want: str, of: Json, *edits: Edit) -> tuple[str, str, Json]:
        return _case(kind, name, desc, want, edited(of, *edits), trust=made["trust"], now=made["now"])

    def without_events(file: Json) -> None:
        file.update(events=[], last=None)

    return [
        case("told-otherwise", "the body says another time than was committed to", "commitment",
             plain, put(plain["body"]["given_at"] + 1, "body", "given_at")),
        case("another-secret", "the secret opens another commitment", "commitment",
             plain, put("00" * 32, "secret")),
        case("dated-back", "its statement is not the one that was signed", "statement-differs",
             plain, put(plain["statement"]["at"] - 1, "statement", "at")),
        case("withdrawal-left-out", "it was signed for a withdrawal that is not told", "events-cut",
             part, without_events),
        case("withdrawal-of-another-secret", "the withdrawal's secret opens another commitment", "commitment",
             part, put("00" * 32, "events", 0, "secret")),
        case("another-code", "its code is that of a receipt before the withdrawal", "events-cut",
             part, put(plain["qr"], "qr")),
        case("last-misplaced", "the last event lies elsewhere in the log than is said", "event-not-in-log",
             part, put(part["last"]["index"] + 1, "last", "index")),
        case("a-place-without-events", "it has the place of a last event, and no events", "field-value",
             part, put([], "events")),
        case("withdrawal-uncounted", "it tells of a withdrawal that the chain does not count",
             "withdrawals-uncounted", uncounted),
        case("an-opening-left-out", "it was signed for lines of openings that are not told", "accesses-cut",
             read, lambda made: made["accesses"]["lines"].pop()),
    ]  # fmt: skip


def _short_codes(issuer: Sm2PrivateKey) -> list[tuple[str, str, Json]]:
    kind = "short-code"
    whole = short_code(encode_qr(parse_body(body_json()), issuer, "yz.example.org"))
    large = encode_qr(parse_body(body_json()), issuer, "yz.example.org")
    return [
        _case(kind, "cut-off", "its last character is missing", "qr-bits", whole[:-1]),
        _case(kind, "bits-left-over", "bits of its last character are set that no encoder sets", "qr-bits",
              whole[:-1] + "B"),
        _case(kind, "too-short", "it names the core by ten bytes", "short-check", whole[:-10]),
        _case(kind, "too-long", "it names the core by twenty-one bytes", "short-check", whole + "A" * 8),
        _case(kind, "no-base-32", "a character that base 32 does not have", "qr-alphabet", whole[:-1] + "8"),
        _case(kind, "no-such-month", "the number's month is the thirteenth", "short-number",
              whole.replace("SJ4412026110001", "SJ4412026130001")),
        _case(kind, "other-room", "a certificate's number where a licence's stands", "qr-foreign",
              whole.replace("/V/", "/L/")),
        _case(kind, "not-https", "it begins with HTTP", "qr-scheme", whole.replace("HTTPS", "HTTP")),
        _case(kind, "a-large-code", "the text of a large code", "qr-foreign", large),
    ]  # fmt: skip


def _short_receipts(issuer: Sm2PrivateKey) -> list[tuple[str, str, Json]]:
    kind, large = "short-receipt", ReceiptWorld(signer=issuer).qr
    whole = short_receipt(large)
    start, _, end = whole.rpartition(".")
    return [
        _case(kind, "cut-off", "its last character is missing", "qr-bits", whole[:-1]),
        _case(kind, "bits-left-over", "bits of its last character are set that no encoder sets", "qr-bits",
              whole[:-1] + "B"),
        _case(kind, "a-subject-with-bits-left-over", "the same of its subject's last character", "qr-bits",
              f"{start[:-1]}B.{end}"),
        _case(kind, "a-short-credential", "the credential has 30 bytes", "receipt-credential", whole[:-4]),
        _case(kind, "no-credential", "nothing stands behind the dot", "qr-alphabet", f"{start}."),
        _case(kind, "a-short-subject", "the subject has 30 bytes", "qr-foreign", f"{start[:-4]}.{end}"),
        _case(kind, "no-base-32", "a character that base 32 does not have", "qr-alphabet", whole[:-1] + "8"),
        _case(kind, "other-room", "where certificates stand", "qr-foreign", whole.replace("/C#", "/V/")),
        _case(kind, "not-https", "it begins with HTTP", "qr-scheme", whole.replace("HTTPS", "HTTP")),
        _case(kind, "a-large-code", "the text of a large code", "qr-foreign", large),
    ]  # fmt: skip
