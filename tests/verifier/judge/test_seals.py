"""Obligation 8: who sealed, whether it is final, and what a policy does not cover (S7.2, D14)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import rlp

from tests.verifier.judge.test_verify_tamper import assert_forged, check, invalid
from tests.verifier.world import (
    BLOCK_TIME,
    DAY,
    OUTSIDER,
    REGISTERED,
    VALIDATORS,
    World,
    address_of,
    genuine_file,
    header_fields,
    headers,
    presented,
    trust,
    trust_json,
)
from yinzheng.verifier import Authentic, Outcome, Report
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.chain.consensus import CLIQUE
from yinzheng.verifier.chain.evidence import Evidence, NotGiven, parse_evidence
from yinzheng.verifier.chain.header import parse_header
from yinzheng.verifier.judge.certificate.verify import verify
from yinzheng.verifier.judge.live import sealed_evidence
from yinzheng.verifier.judge.trust import parse_trust

FOUR = (*VALIDATORS, OUTSIDER)
"""Who seals the QBFT network."""
SAMPLE = Path(__file__).parents[2] / "vectors" / "qbft" / "sample"


def header_of(file: dict[str, Any], at: int = 0) -> list[Any]:
    return rlp.decode(bytes.fromhex(file["chain"]["headers"][at]))  # type: ignore[no-any-return]


UNCOVERED = {"sealer-not-pinned", "validators-unknown"}


@pytest.mark.parametrize("field", range(16))
@pytest.mark.parametrize("block", [0, 1])
def test_every_field_of_every_header_is_sealed(block: int, field: int) -> None:
    file = genuine_file()
    fields = header_of(file, block)
    value = bytearray(fields[field] or b"\1")
    value[0] ^= 4  # leaves integers canonical and byte strings as long as they were
    fields[field] = bytes(value)
    file["chain"]["headers"][block] = rlp.encode(fields).hex()
    report = check(file)
    found = invalid(report)
    # The first no longer is what the second names. In the last it is the seal alone that tells: it recovers
    # to some other address, which may be a validator the policy does not know yet (D14).
    assert report.finding(8).code in (
        {"headers-unlinked"} if block == 0 else UNCOVERED | {"seal-malformed", "headers-unlinked"}
    )
    failed = found.pop(8, None) is not None
    assert failed is (report.finding(8).code not in UNCOVERED)
    if block == 0 and field == 3:  # the state root
        assert found == {7: "state-proof-wrong", 9: "state-proof-wrong"}
    elif block == 0 and field == 11:  # the time
        assert found.keys() <= {10}
    else:
        assert found == {}
    assert report.authentic is (Authentic.FORGED if failed else Authentic.UNDETERMINED)


def test_a_seal_that_is_none() -> None:
    file = genuine_file()
    fields = header_of(file)
    fields[12] = fields[12][:-1] + b"\5"
    file["chain"]["headers"] = [rlp.encode(fields).hex()]
    assert_forged(check(file), {8: "seal-malformed"})


def test_a_sealer_the_policy_does_not_pin() -> None:
    assert_uncovered(check(World(sealers=(OUTSIDER, VALIDATORS[0])).file()), "sealer-not-pinned")
    assert_uncovered(check(World(sealers=(VALIDATORS[0], OUTSIDER)).file()), "sealer-not-pinned")


def test_validators_are_pinned_by_block_number() -> None:
    # Up to block 99 the outsider was the only validator; the block after has the three of now.
    alone = World(sealers=(OUTSIDER,), block_number=99)
    assert check(alone.file()).authentic is Authentic.GENUINE
    assert (
        check(World(sealers=(OUTSIDER, VALIDATORS[0]), block_number=99).file()).authentic is Authentic.GENUINE
    )
    assert_uncovered(check(World(sealers=(OUTSIDER,), block_number=100).file()), "sealer-not-pinned")
    # A range that has ended says nothing about what came after it.
    assert_uncovered(
        check(genuine_file(), policy=lambda p: p["chain"].update(validators=p["chain"]["validators"][:1])),
        "validators-unknown",
    )


@pytest.mark.parametrize(
    ("sealers", "final"),
    [((0,), False), ((0, 0), False), ((0, 0, 1), True), ((2, 1), True), ((0, 1, 2), True)],
)
def test_a_block_is_final_with_seals_of_more_than_half(sealers: tuple[int, ...], final: bool) -> None:
    report = check(World(sealers=[VALIDATORS[at] for at in sealers]).file())
    if final:
        assert report.authentic is Authentic.GENUINE
    else:
        assert_uncovered(report, "not-final")


def operated(*insisted: int) -> Callable[[dict[str, Any]], None]:
    """A policy that says whose validators are whose, and insists on a seal of one of some operators."""

    def edit(policy: dict[str, Any]) -> None:
        registry, notary = policy["operators"]
        first, *others = [address_of(key).hex() for key in VALIDATORS]
        registry["validators"], notary["validators"] = [first], others
        notary["code"] = "12440000MB2DEM001E"
        if insisted:
            policy["insisted"] = [policy["operators"][at]["code"] for at in insisted]

    return edit


@pytest.mark.parametrize(
    ("sealers", "insisted", "enough"),
    [
        ((1, 2), (), True),
        ((1, 2), (0,), False),
        ((1, 2), (1,), True),
        ((1, 2), (0, 1), True),
        ((1, 2, 0), (0,), True),
        ((0, 1), (0,), True),
    ],
)
def test_a_quorum_without_those_the_reader_insists_on_is_not_enough(
    sealers: tuple[int, ...], insisted: tuple[int, ...], enough: bool
) -> None:
    report = check(World(sealers=[VALIDATORS[at] for at in sealers]).file(), policy=operated(*insisted))
    if not enough:
        assert_uncovered(report, "insisted-missing")
        assert report.finding(8).data["insisted"]
        return
    assert report.authentic is Authentic.GENUINE
    names = [operator["name"] for operator in trust_json()["operators"]]
    assert report.block is not None
    assert report.block.sealed_by == tuple(
        name for at, name in enumerate(names) if any(min(one, 1) == at for one in sealers)
    )


def test_who_sealed_is_told_where_the_policy_says_whose_validators_they_are() -> None:
    unnamed = check(World().file())
    assert unnamed.block is not None
    assert unnamed.block.sealed_by == ()
    strange = check(World(sealers=(OUTSIDER, VALIDATORS[0])).file(), policy=operated())
    assert strange.block is not None
    assert strange.block.sealed_by == ()  # it is not known to be sealed as the policy asks


@pytest.mark.parametrize("last", [OUTSIDER, None])
def test_later_blocks_that_the_policy_does_not_cover_take_nothing_from_enough(last: Any) -> None:
    """Evidence brings as many blocks as there are validators, the latest perhaps sealed by a new one."""
    report = check(World(sealers=(*VALIDATORS[:2], last)).file(), policy=operated())
    assert report.authentic is Authentic.GENUINE
    assert report.block is not None
    assert len(report.block.sealed_by) == 2
    assert_uncovered(
        check(World(sealers=(VALIDATORS[1], VALIDATORS[2], last)).file(), policy=operated(0)),
        "unsealed" if last is None else "sealer-not-pinned",
    )


def test_nobody_is_said_to_have_sealed_by_headers_that_do_not_link() -> None:
    file, other = World(sealers=(VALIDATORS[0],)).file(), World(sealers=(VALIDATORS[1],), block_number=2000)
    file["chain"]["headers"] += other.file()["chain"]["headers"]
    report = check(file, policy=operated())
    assert report.finding(8).code == "headers-unlinked"
    assert report.block is not None
    assert report.block.sealed_by == ()


def test_headers_must_follow_each_other() -> None:
    file = genuine_file()
    file["chain"]["headers"].reverse()
    assert invalid(check(file))[8] == "headers-unlinked"
    skipped = World(sealers=VALIDATORS).file()
    del skipped["chain"]["headers"][1]
    assert_forged(check(skipped), {8: "headers-unlinked"})


def test_a_number_that_jumps_is_no_successor() -> None:
    file = genuine_file()
    parent = header_of(file)
    follower = headers(bytes(32), sealers=[VALIDATORS[1]], number=int.from_bytes(parent[8], "big") + 2)
    file["chain"]["headers"][1] = follower[0]
    assert_forged(check(file), {8: "headers-unlinked"})


def test_an_unsealed_chain_decides_nothing() -> None:
    report = check(World(sealers=(None, None)).file())
    assert invalid(report) == {}
    assert (report.finding(8).outcome, report.finding(8).code) == (Outcome.SKIPPED, "unsealed")
    assert (report.authentic, report.exit_code) == (Authentic.UNDETERMINED, 3)
    # Nor does it show a forgery: nobody vouches for what it lacks.
    late = REGISTERED + DAY
    world = World(sealers=(None, None), absent=True, anchored_root=bytes(32), block_time=late)
    absent = check(world.file(), now=late)
    assert invalid(absent) == {7: "not-anchored", 9: "record-absent"}
    assert absent.authentic is Authentic.UNDETERMINED


def test_a_seal_stripped_from_a_later_block() -> None:
    assert_uncovered(check(World(sealers=(VALIDATORS[0], None)).file()), "unsealed")


@pytest.mark.parametrize(
    ("named", "code"), [("none", "consensus-unsupported"), ("qbft", "consensus-differs")]
)
def test_another_consensus_than_the_policy_names(named: str, code: str) -> None:
    assert_uncovered(check(genuine_file(), policy=lambda p: p["chain"].update(consensus=named)), code)


@pytest.mark.parametrize("number", [0, 1])
def test_the_first_blocks_tell_whose_chain_it_is(number: int) -> None:
    world = World(sealers=(OUTSIDER,), block_number=number)  # the parent of block 0 and 1 is all zeros here
    header = parse_header(bytes.fromhex(world.chain()["headers"][0]))
    own = (CLIQUE.block_hash(header) if number == 0 else header.parent).hex()
    genuine = check(world.file(), policy=lambda p: p["chain"].update(genesis=own))
    assert genuine.authentic is Authentic.GENUINE
    assert_uncovered(
        check(world.file(), policy=lambda p: p["chain"].update(genesis="77" * 32)), "chain-differs"
    )


def test_what_no_header_tells_is_not_compared() -> None:
    """A chain's number, and its genesis once blocks have followed (threat model): a node tells them."""

    def other(policy: dict[str, Any]) -> None:
        policy["chain"].update(id=1, genesis="00" * 31 + "01")

    assert check(genuine_file(), policy=other).authentic is Authentic.GENUINE


def assert_uncovered(report: Report, code: str) -> None:
    """(8) is not judged, nothing else failed, and nobody is called a forger (D14)."""
    assert invalid(report) == {}
    assert (report.finding(8).outcome, report.finding(8).code) == (Outcome.SKIPPED, code)
    assert (report.authentic, report.exit_code) == (Authentic.UNDETERMINED, 3)


# A certificate whose chain is a QBFT network


class Sample:
    """The world's file on a QBFT network of four, and its policy, to be changed; verified a minute later."""

    def __init__(self) -> None:
        world = World()
        self.file = world.file()
        self.policy = trust_json()
        self.headers: list[str] = list(qbft_headers(world.state().root))
        self.file["chain"]["headers"] = self.headers
        self.chain: dict[str, Any] = self.policy["chain"]
        self.chain["consensus"] = "qbft"
        addresses = [address_of(key).hex() for key in FOUR]
        self.chain["validators"] = [{"from": 0, "to": None, "addresses": addresses}]

    def extra(self, at: int, edit: Callable[[list[Any]], None]) -> None:
        """Change what the extra data of one header lists."""
        fields = rlp.decode(bytes.fromhex(self.headers[at]))
        items = rlp.decode(fields[12])
        edit(items)
        fields[12] = rlp.encode(items)
        self.headers[at] = rlp.encode(fields).hex()

    def report(self) -> Report:
        time = parse_header(bytes.fromhex(self.headers[0])).time
        return verify(presented(self.file), parse_trust(json.dumps(self.policy).encode()), now=time + 60)


def qbft_headers(state_root: bytes) -> Iterator[str]:
    """Three blocks, each sealed by three of the four (S7.1)."""
    parent, people = bytes(32), sorted(address_of(key) for key in FOUR)
    for at in range(3):
        fields = header_fields(parent, state_root, 1000 + at, BLOCK_TIME + 5 * at)
        fields[7], fields[13] = 1, b"ctical byzantine fault tolerance"
        unsealed = [bytes(32), people, [], 0]
        fields[12] = rlp.encode([*unsealed, []])
        parent = keccak256(rlp.encode(fields))
        seals = [key.sign_recoverable(parent, hasher=None) for key in (*FOUR, *FOUR)[at : at + 3]]
        fields[12] = rlp.encode([*unsealed, seals])
        yield rlp.encode(fields).hex()


def test_a_file_of_a_real_network_from_before_records_said_who_holds_what() -> None:
    """Its seals hold (tests/vectors/qbft/sample); what its record does not show stays open."""
    file = json.loads((SAMPLE / "certificate.json").read_text(encoding="utf-8"))
    policy = parse_trust((SAMPLE / "trust-qbft.json").read_bytes())
    time = parse_header(bytes.fromhex(file["chain"]["headers"][0])).time
    report = verify(presented(file), policy, now=time + 60)
    assert [finding.number for finding in report.findings if finding.outcome is not Outcome.VALID] == [9]
    assert (report.finding(9).outcome, report.finding(9).code) == (Outcome.SKIPPED, "evidence-not-given")
    assert report.authentic is Authentic.UNDETERMINED


@pytest.mark.parametrize("headers", [1, 2, 3])
def test_a_block_of_qbft_is_final_by_itself(headers: int) -> None:
    sample = Sample()
    del sample.headers[headers:]
    report = sample.report()
    assert [finding.outcome for finding in report.findings] == [Outcome.VALID] * 10
    assert (report.authentic, report.exit_code) == (Authentic.GENUINE, 0)
    assert report.block is not None
    child = parse_header(bytes.fromhex(Sample().headers[1]))
    assert (report.block.number, report.block.hash) == (child.number - 1, child.parent)


@pytest.mark.parametrize("at", [0, 1])
def test_seals_lost_on_the_way_leave_it_undetermined(at: int) -> None:
    """A block's hash does not cover them: any node may have kept fewer (GoQuorum takes two of four)."""
    fewer, none = Sample(), Sample()
    fewer.extra(at, lambda items: items[4].pop())
    assert_uncovered(fewer.report(), "not-final")
    none.extra(at, lambda items: items[4].clear())
    assert_uncovered(none.report(), "unsealed")


def test_seals_of_two_blocks_do_not_add_up_under_qbft() -> None:
    sample = Sample()
    sample.extra(0, lambda items: items[4].pop())
    sample.extra(1, lambda items: items[4].pop(0))
    assert_uncovered(sample.report(), "not-final")


def test_a_set_of_validators_the_policy_does_not_know() -> None:
    sample = Sample()
    sample.chain["validators"][0]["addresses"].pop()
    assert_uncovered(sample.report(), "validators-not-pinned")
    sample = Sample()
    sample.chain["validators"][0]["to"] = 10
    assert_uncovered(sample.report(), "validators-unknown")


@pytest.mark.parametrize(
    ("named", "code"), [("clique", "consensus-differs"), ("none", "consensus-unsupported")]
)
def test_a_policy_of_another_consensus(named: str, code: str) -> None:
    sample = Sample()
    sample.chain["consensus"] = named
    assert_uncovered(sample.report(), code)


def test_a_seal_that_does_not_hold_is_forged() -> None:
    sample = Sample()
    sample.extra(0, lambda items: items[4].append(items[4][0]))
    assert_forged(sample.report(), {8: "seal-twice"})
    sample = Sample()
    sample.extra(0, lambda items: items.__setitem__(3, b"\1"))  # the round is signed
    assert_forged(sample.report(), {8: "seal-of-stranger"})
    sample = Sample()
    sample.extra(0, lambda items: items.__setitem__(0, bytes(31)))
    assert_forged(sample.report(), {8: "headers-unlinked"})
    del sample.headers[1:]
    assert_forged(sample.report(), {8: "header-malformed"})


def test_another_state_is_seen_by_its_seals_alone() -> None:
    sample = Sample()
    fields = rlp.decode(bytes.fromhex(sample.headers[0]))
    fields[3] = bytes(32)
    sample.headers[:] = [rlp.encode(fields).hex()]
    assert_forged(sample.report(), {7: "state-proof-wrong", 8: "seal-of-stranger", 9: "state-proof-wrong"})


def of_block(world: World, sealers: tuple[int, ...], at: int | None, size: int | None = 6) -> Evidence:
    time = BLOCK_TIME if at is None else at
    return parse_evidence(world.chain(size, sealers=[VALIDATORS[one] for one in sealers], time=time))


def test_an_older_block_is_taken_where_those_the_reader_insists_on_sealed_it() -> None:
    """A live ledger's newest block has a bare quorum: who insists on another's seal asks for an earlier."""
    policy, world, asked = trust(operated(0)), World(), list[int | None]()

    def read(at: int | None) -> Evidence:
        asked.append(at)
        return of_block(world, (1, 2) if at is None or at > BLOCK_TIME - 16 else (1, 0), at)

    found = sealed_evidence(read, policy, 6, None)
    assert asked == [None, BLOCK_TIME - 1, BLOCK_TIME - 4, BLOCK_TIME - 16]
    assert found.block.time == BLOCK_TIME - 16
    asked.clear()
    assert sealed_evidence(read, trust(operated(1)), 6, None).block.time == BLOCK_TIME
    assert asked == [None]


@pytest.mark.parametrize("at", [None, BLOCK_TIME])
def test_where_no_block_has_the_seal_it_stays_missing(at: int | None) -> None:
    asked: list[int | None] = []

    def read(at: int | None) -> Evidence:
        asked.append(at)
        return of_block(World(), (1, 2), at, None)

    with pytest.raises(NotGiven) as fault:
        sealed_evidence(read, trust(operated(0)), None, at)
    assert fault.value.code == "insisted-missing"
    assert len(asked) == (6 if at is None else 1)  # of a time that was asked about there is one block


def test_no_block_is_taken_from_before_the_head_was_anchored() -> None:
    def read(at: int | None) -> Evidence:
        world = World() if at is None else World(anchored_root=bytes(32))
        return of_block(world, (1, 2) if at is None else (1, 0), at)

    with pytest.raises(NotGiven):
        sealed_evidence(read, trust(operated(0)), 6, None)


def test_what_else_is_wrong_with_seals_is_told_as_it_is() -> None:
    with pytest.raises(NotGiven) as fault:
        sealed_evidence(lambda at: of_block(World(), (1,), at), trust(operated(0)), 6, None)
    assert fault.value.code == "not-final"
