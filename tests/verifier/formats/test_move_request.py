"""A joint request is verified from itself; whatever is changed in it, or signed for something else, shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import Sm2PrivateKey, digest_pair
from yinzheng.verifier.errors import DataFault
from yinzheng.verifier.formats.move_request import (
    Authorisation,
    JointRequest,
    SignedAuthorisation,
    parse_joint_request,
    read_request,
    require_signed,
)

ONE, TWO, THREE = "91350100M000100Y43", "91310000132200821H", "91110000600007156J"
KEYS = {code: Sm2PrivateKey.generate() for code in (ONE, TWO, THREE)}
TERMS: dict[str, Any] = {
    "licence": {
        "rights": ["hold", "use"],
        "acts": ["process", "use"],
        "territory": ["44", "45"],
        "purposes": "医学研究",
        "exclusive": True,
        "begins": None,
        "ends": 1_900_000_000,
    },
    "licence_end": {"licence": "L-2026-000001", "reasons": "双方协商一致"},
    "transfer": {"rights": ["use"]},
    "change": {"changes": {"asset": "新名称", "names": [{"code": ONE, "name": "新名"}]}, "ground": "entry",
               "summary": "更正名称"},
    "renewal": {"years": 2, "summary": "续期两年"},
    "cancellation": {"ground": "data_gone", "summary": "数据已灭失"},
}  # fmt: skip
ROLES = {
    "licence": "licensor licensee",
    "licence_end": "licensor licensee",
    "transfer": "transferor transferee",
}


def plain(kind: str = "licence", **changes: Any) -> dict[str, Any]:
    roles = ROLES.get(kind, "holder holder").split()
    codes = (ONE, TWO) if kind in ROLES else (TWO, ONE)
    pair = {"sm3": "00" * 32, "sha256": "11" * 32}
    return {
        "v": 1,
        "registry": "12440000MB2DEM001E",
        "type": kind,
        "certificate": {"number": "SJ4412026110001", "leaf": "22" * 32},
        "parties": [
            {"name": f"机构{code[:4]}", "code": code, "role": role}
            for code, role in zip(codes, roles, strict=True)
        ],
        "terms": TERMS[kind],
        "documents": [
            {"path": "contract.pdf", "role": "consideration", "title": "合同", "size": 3, "digest": pair}
        ],
        "made_at": 1_790_000_000,
        "nonce": "33" * 16,
        **changes,
    }


def joint(kind: str = "licence", *codes: str, **changes: Any) -> JointRequest:
    made = JointRequest(read_request(plain(kind, **changes)), (), ())
    for code in codes:
        made = made.signed_by(code, KEYS[code])
    return made


def authorised(request: JointRequest, by: str = ONE, agent: str = TWO, **changes: Any) -> JointRequest:
    asked = request.request
    terms = digest_pair(canonical.dumps(asked.terms.to_json()))
    said = Authorisation(asked.registry, by, agent, asked.type, asked.certificate, terms, asked.made_at)
    said = replace(said, **changes)
    signed = SignedAuthorisation(said, KEYS[by].public_key.point, KEYS[by].sign(said.message()))
    return replace(request, authorisations=(signed,))


def code_of(request: JointRequest) -> str:
    with pytest.raises(DataFault) as caught:
        require_signed(request)
    return caught.value.code


def malformed(kind: str = "licence", **changes: Any) -> str:
    with pytest.raises(DataFault) as caught:
        read_request(plain(kind, **changes))
    return caught.value.code


@pytest.mark.parametrize("kind", TERMS)
def test_each_type_comes_back_as_it_was_written_and_signed(kind: str) -> None:
    made = joint(kind, ONE, TWO)
    read = parse_joint_request(made.canonical())
    assert read == made
    assert read.request.to_json() == plain(kind)
    require_signed(read)


def test_one_may_sign_for_the_other_on_its_authorisation() -> None:
    made = authorised(joint("licence", TWO))
    require_signed(parse_joint_request(made.canonical()))
    require_signed(authorised(joint("licence", TWO), terms=None))


@pytest.mark.parametrize(
    "changes",
    [
        {"registry": ONE},
        {"type": "transfer"},
        {"terms": digest_pair(b"")},
        {"until": 1_789_999_999},
        {"agent": THREE},
        {"agent": ONE},
    ],
)
def test_an_authorisation_for_something_else_is_none(changes: dict[str, Any]) -> None:
    assert code_of(authorised(joint("licence", TWO), **changes)) == "joint-authorisation"


def test_who_did_not_sign_who_signed_twice_and_strangers() -> None:
    assert code_of(joint("licence")) == "joint-unsigned"
    assert code_of(joint("licence", ONE)) == "joint-unsigned"
    assert code_of(joint("licence", ONE, TWO, THREE)) == "joint-stranger"
    assert code_of(authorised(joint("licence", ONE, TWO))) == "joint-signature"
    assert code_of(authorised(joint("licence", ONE, TWO), by=THREE)) == "joint-stranger"
    both = joint("licence", ONE, TWO)
    assert code_of(replace(both, signatures=both.signatures * 2)) == "joint-signature"
    for_one = authorised(joint("licence", TWO))
    require_signed(for_one)
    assert code_of(replace(for_one, authorisations=for_one.authorisations * 2)) == "joint-signature"


def test_a_character_changed_after_signing_shows() -> None:
    signed = joint("licence", ONE, TWO)
    other = read_request(plain("licence", nonce="34" * 16))
    assert code_of(replace(signed, request=other)) == "joint-signature"
    (first, second) = signed.signatures
    swapped = (replace(first, key=second.key), second)
    assert code_of(replace(signed, signatures=swapped)) == "joint-signature"
    given = authorised(joint("licence", TWO))
    (only,) = given.authorisations
    forged = replace(only, authorisation=replace(only.authorisation, terms=None))
    assert code_of(replace(given, authorisations=(forged,))) == "joint-authorisation"


def party(code: str, role: str) -> dict[str, str]:
    return {"name": "机构", "code": code, "role": role}


@pytest.mark.parametrize(
    ("kind", "parties", "code"),
    [
        ("licence", [party(ONE, "licensor"), party(ONE, "licensee")], "same-organisation"),
        ("licence", [party(ONE, "licensor")], "request-parties"),
        ("licence", [party(ONE, "licensee"), party(TWO, "licensor")], "request-parties"),
        ("transfer", [party(ONE, "licensor"), party(TWO, "licensee")], "request-parties"),
        ("renewal", [party(ONE, "holder"), party(TWO, "holder")], "request-parties"),
        ("renewal", [party(ONE, "holder"), party(ONE, "holder")], "request-parties"),
    ],
)
def test_parties_are_those_of_the_type(kind: str, parties: list[dict[str, str]], code: str) -> None:
    assert malformed(kind, parties=parties) == code


def test_a_forum_ends_a_licence_alone() -> None:
    assert read_request(plain("licence_end", parties=[party(THREE, "forum")])).party("forum").code == THREE


REGISTRY = "12440000MB2DEM001E"
MOTION = TERMS["cancellation"] | {"ground": "rectification_refused"}


def test_the_registry_moves_alone_and_in_its_own_name() -> None:
    """On its own motion it asks itself, on grounds that are not the holders' (R7)."""
    own = [party(REGISTRY, "registry")]
    for ground in ("asked", "data_gone", "rectification_refused", "public_interest", "law"):
        asked = read_request(plain("cancellation", parties=own, terms=MOTION | {"ground": ground}))
        assert (asked.initiator, asked.terms.ground) == ("registry", ground)
    assert read_request(plain("cancellation")).initiator == "holders"
    assert malformed("cancellation", parties=[party(ONE, "registry")], terms=MOTION) == "request-parties"
    both = [*own, party(ONE, "holder")]
    assert malformed("cancellation", parties=both, terms=MOTION) == "request-parties"
    assert malformed("cancellation", parties=own * 2, terms=MOTION) == "same-organisation"
    assert malformed("renewal", parties=own) == "request-parties"
    assert malformed("cancellation", terms=MOTION) == "cancellation-ground"


def test_its_motion_is_signed_like_any_request() -> None:
    key, other = Sm2PrivateKey.generate(), plain("cancellation", parties=[party(REGISTRY, "registry")])
    made = JointRequest(read_request(other), (), ()).signed_by(REGISTRY, key)
    require_signed(made)
    changed = read_request({**other, "terms": MOTION})
    with pytest.raises(DataFault) as caught:
        require_signed(replace(made, request=changed))
    assert caught.value.code == "joint-signature"
    with pytest.raises(DataFault) as unsigned:
        require_signed(JointRequest(changed, (), ()))
    assert unsigned.value.code == "joint-unsigned"


@pytest.mark.parametrize(
    ("kind", "terms", "code"),
    [
        ("licence", {"rights": ["use", "hold"]}, "field-value"),
        ("licence", {"acts": []}, "field-value"),
        ("licence", {"territory": ["45", "44"]}, "field-value"),
        ("change", {"changes": {}}, "field-value"),
        ("change", {"changes": {"holders": []}}, "field-unknown"),
        ("change", {"changes": {"names": [{"code": ONE, "name": "甲"}] * 2}}, "field-value"),
        ("renewal", {"years": 6}, "field-value"),
        ("cancellation", {"ground": "document"}, "field-value"),
    ],
)
def test_terms_are_those_of_the_type(kind: str, terms: dict[str, Any], code: str) -> None:
    assert malformed(kind, terms={**TERMS[kind], **terms}) == code


def test_terms_that_are_no_object_and_files_named_twice() -> None:
    assert malformed(terms=[]) == "field-type"
    assert malformed(documents=plain()["documents"] * 2) == "field-value"
    assert malformed(certificate={"number": "SJ1", "leaf": "22" * 32}) == "number-malformed"
