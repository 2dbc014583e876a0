"""A mirror copies an honest log, and cries over one that lies: fork, rewriting, hidden statements, roles."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ledger import world as w
from tests.ledger.inlets.test_finding import SAID, STRANGER, subject_of, tell
from tests.verifier.judge.test_witnesses import asking, entry
from yinzheng.api.log_source import FolderLog
from yinzheng.api.mirror import watched
from yinzheng.api.mirror.following import Round
from yinzheng.api.mirror.keeping import opened
from yinzheng.api.mirror.powers import MOST
from yinzheng.api.rpc import RpcReader
from yinzheng.ledger.flow.pipeline import settle
from yinzheng.ledger.inlets.finding import find
from yinzheng.ledger.log.tilelog import TileLog
from yinzheng.ledger.people.enrolling import enrol_with_key
from yinzheng.ledger.people.keyring import make_demonstration_passphrase
from yinzheng.ledger.registry import Registry
from yinzheng.ledger.rules.states import Capacity
from yinzheng.ledger.state.faults import Faults, InjectedFault
from yinzheng.ledger.state.policy import trust_policy
from yinzheng.verifier.bytes import canonical
from yinzheng.verifier.bytes.algorithms import keccak256
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault
from yinzheng.verifier.judge.trust import TrustPolicy, parse_trust
from yinzheng.verifier.log.note import peek_checkpoint
from yinzheng.verifier.log.tiles import ENTRIES, Tile, decode_bundle, encode_bundle

GRACE = 300
ROOT = Path(__file__).parents[3]


class Node(RpcReader):
    """The registry's own chain, asked as a node is; it may leave events out."""

    def __init__(self, registry: Registry, trust: TrustPolicy) -> None:
        super().__init__("http://127.0.0.1:1", trust)
        self._registry = registry
        self.hides: tuple[str, ...] = ()
        self.adds: list[dict[str, Any]] = []
        self.most = 2000
        self.lags, self.shift = 0, 0
        self.asked: list[tuple[int, int]] = []

    def final(self) -> int:
        return super().final() - self.lags

    def _ask(self, method: str, arguments: list[Any]) -> Any:
        if method == "eth_getBlockByNumber" and self.shift:
            arguments = [hex(int(arguments[0], 16) - self.shift), *arguments[1:]]
        if method == "eth_getProof":
            arguments = [*arguments[:2], hex(int(arguments[2], 16) - self.shift)]
        answer = self._registry.w3.provider.make_request(method, arguments)  # type: ignore[arg-type]
        assert "result" in answer, answer
        found = answer["result"]
        if method == "eth_getLogs":
            span = int(arguments[0]["fromBlock"], 16), int(arguments[0]["toBlock"], 16)
            self.asked.append(span)
            if span[1] - span[0] >= self.most:
                raise EnvironmentFault("more than is taken", code="node-too-long")
            hidden = [keccak256(one.encode()).hex() for one in self.hides]
            found = [*(one for one in found if one["topics"][0][2:] not in hidden), *self.adds]
        return found


class Bench:
    """A registry, its log as it is served, and a mirror of it."""

    def __init__(self, registry: Registry, clock: w.Clock, tmp_path: Path) -> None:
        self.registry, self.clock, self.tmp_path = registry, clock, tmp_path
        self.trust = parse_trust(canonical.dumps(trust_policy(registry.instance)))
        self.node = Node(registry, self.trust)
        self.served = registry.paths.log
        self.told: list[dict[str, Any]] = []

    def round(
        self, *, faults: Faults | None = None, chain: bool = True, trust: TrustPolicy | None = None
    ) -> Round:
        with opened(self.tmp_path / "mirror", self.trust.origin, *([faults] if faults else [])) as folder:
            one = Round(
                folder,
                FolderLog(self.served),
                self.node if chain else None,
                trust or self.trust,
                self.clock.now,
                GRACE,
                self.told.append,
            )
            one.run()
        return one

    def codes(self, **how: Any) -> list[str]:
        found = self.round(**how)
        assert not found.unknown, found.unknown
        return [alarm["code"] for alarm in found.alarms]

    def fake_log(self) -> Path:
        """A copy of the log to be lied with."""
        target = self.tmp_path / "lying"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.registry.paths.log, target)
        self.served = target
        return target


@pytest.fixture
def bench(deposited: w.World, tmp_path: Path) -> Iterator[Bench]:
    with deposited.open() as registry:
        yield Bench(registry, deposited.clock, tmp_path)


def test_an_honest_registry_is_copied_and_gives_no_alarm(bench: Bench) -> None:
    assert bench.codes() == []
    copy = bench.tmp_path / "mirror" / "log"
    assert (copy / "checkpoint").read_bytes() == (bench.served / "checkpoint").read_bytes()
    assert w.files(copy).items() <= w.files(bench.served).items()
    w.to_deposited(bench.registry, bench.clock, bench.tmp_path / "two")
    assert bench.codes() == []
    state = json.loads((bench.tmp_path / "mirror" / "mirror.json").read_bytes())
    assert sorted(state["status"].values()) == [1, 1]
    assert state["waiting"] == {}
    assert bench.codes(chain=False) == []


def test_two_heads_of_one_size(bench: Bench) -> None:
    bench.codes()
    _rewrite(bench)
    assert bench.codes() == ["log-fork"]
    assert len(list((bench.tmp_path / "mirror" / "heads").iterdir())) == 2  # what proves it
    assert bench.codes() == ["log-fork"]
    assert [one["code"] for one in bench.told] == ["log-fork"]  # said once


def test_a_history_that_was_rewritten_and_went_on(bench: Bench) -> None:
    bench.codes()
    w.to_publicity(bench.registry, bench.tmp_path / "two")
    _rewrite(bench)
    assert bench.codes() == ["log-fork"]
    assert (
        peek_checkpoint((bench.tmp_path / "mirror" / "log" / "checkpoint").read_text()).size
        < bench.registry.log.size
    )


def test_a_statement_that_is_hidden(bench: Bench) -> None:
    bench.codes()
    w.to_publicity(bench.registry, bench.tmp_path / "two")
    folder, size = bench.fake_log(), bench.registry.log.size
    path = folder / Tile(ENTRIES, 0, size).path
    entries = decode_bundle(path.read_bytes(), size)
    path.write_bytes(encode_bundle([*entries[:-1], entries[0]]))
    found = bench.round()
    assert [alarm["code"] for alarm in found.alarms] == ["log-statement"]
    assert found.alarms[0]["about"] == str(size - 1)
    path.write_bytes(encode_bundle([*entries[:-1], b"{}"]))
    assert [alarm["code"] for alarm in bench.round().alarms] == ["log-statement"]


def test_a_history_whose_tiles_are_not_shown(bench: Bench) -> None:
    bench.codes()
    w.to_publicity(bench.registry, bench.tmp_path / "two")
    _rewrite(bench)
    shutil.rmtree(bench.served / "tile" / "0")
    assert bench.codes() == ["log-statement"]


def test_statements_that_are_never_shown(bench: Bench) -> None:
    shutil.rmtree(bench.fake_log() / "tile" / "entries")
    found = bench.round()
    assert ([fault.code for fault in found.unknown], found.alarms) == (["log-withheld"], [])
    bench.clock.advance(GRACE)
    assert [alarm["code"] for alarm in bench.round().alarms] == ["log-withheld"]
    bench.served = bench.registry.paths.log
    assert bench.codes() == []


def test_a_log_that_stands_still_hides_nothing_of_the_chain(bench: Bench) -> None:
    bench.codes()
    older = bench.fake_log()
    bench.served = bench.registry.paths.log
    _enrol(bench)
    w.to_publicity(bench.registry, bench.tmp_path / "two")
    bench.codes(chain=False)
    bench.served = older
    found = bench.round()
    assert [fault.code for fault in found.unknown] == ["log-stale"]
    assert [alarm["code"] for alarm in found.alarms] == ["role-granted"]
    bench.clock.advance(GRACE)
    assert [alarm["code"] for alarm in bench.round().alarms] == ["log-stale"]


def test_an_unreachable_log_hides_nothing_of_the_chain_and_is_accused_of_nothing(bench: Bench) -> None:
    bench.codes()
    _enrol(bench)
    w.to_publicity(bench.registry, bench.tmp_path / "two")
    bench.served = bench.tmp_path / "nowhere"
    assert [alarm["code"] for alarm in bench.round().alarms] == ["role-granted"]
    bench.clock.advance(2 * GRACE)
    found = bench.round()
    assert ([fault.code for fault in found.unknown], found.alarms) == (["log-unreachable"], [])
    bench.served = bench.registry.paths.log
    assert bench.codes() == []


def test_a_log_that_shows_less_than_the_chain_has(bench: Bench) -> None:
    bench.fake_log()
    bench.codes()
    w.to_deposited(bench.registry, bench.clock, bench.tmp_path / "two")
    assert bench.codes() == []  # it may be a moment old
    bench.clock.advance(GRACE)
    assert set(bench.codes()) == {"log-behind-chain", "statement-missing"}
    bench.node.hides = ("Anchored(uint64,bytes32,uint64)",)
    assert "log-behind-chain" in bench.codes()
    bench.served = bench.registry.paths.log
    assert bench.codes() == []


def test_what_others_told_the_contracts_is_no_alarm_once_the_log_says_so(bench: Bench) -> None:
    registry = bench.registry
    bench.codes()
    case = w.to_publicity(registry, bench.tmp_path / "two")
    settle(registry)
    subject = subject_of(registry, case)
    for said in (SAID, bytes(31) + b"\1"):
        tell(registry, STRANGER, registry.client.raise_objection(subject, said))
    assert bench.codes() == []
    bench.clock.advance(GRACE)
    assert bench.codes() == ["statement-missing", "statement-missing"]
    assert find(registry) == 2
    settle(registry)
    assert bench.codes() == []
    tell(registry, STRANGER, registry.client.raise_objection(case_of(bench, "three"), SAID))
    assert find(registry) == 1
    settle(registry)
    bench.codes()
    bench.clock.advance(GRACE)
    assert bench.codes() == []  # found before the mirror met it


def case_of(bench: Bench, name: str) -> bytes:
    case = w.to_publicity(bench.registry, bench.tmp_path / name)
    settle(bench.registry)
    return subject_of(bench.registry, case)


def test_an_older_head_than_before_is_said_and_no_alarm(bench: Bench) -> None:
    bench.fake_log()
    older = bench.served
    w.to_publicity(bench.registry, bench.tmp_path / "two")
    bench.served = bench.registry.paths.log
    bench.codes()
    bench.served = older
    found = bench.round()
    assert [fault.code for fault in found.unknown] == ["log-stale"]
    assert found.alarms == []


def test_a_role_that_is_granted(bench: Bench) -> None:
    bench.codes()
    _enrol(bench)
    assert bench.codes() == ["role-granted"]
    assert bench.codes() == []
    assert [one["code"] for one in bench.told] == ["role-granted"]


def test_an_event_that_a_node_hides_is_found_by_the_state(bench: Bench) -> None:
    bench.codes()
    with opened(bench.tmp_path / "mirror", bench.trust.origin) as folder:
        (subject,) = folder.state.status
        folder.state.status[subject] = 3
        folder.keep()
    assert bench.codes() == ["status-differs"]


def test_a_certificate_that_a_node_never_tells_of_is_found_by_the_log(bench: Bench) -> None:
    bench.node.hides = (watched.DEPOSITED.signature,)
    assert bench.codes() == ["status-differs"]


def test_a_busy_registry_s_heads_are_all_anchored_and_none_when_looked_at(bench: Bench) -> None:
    bench.codes()
    for number in range(4):
        before = bench.registry.w3.eth.block_number
        w.to_publicity(bench.registry, bench.tmp_path / f"more{number}")
        bench.node.lags = bench.registry.w3.eth.block_number - before
        bench.clock.advance(GRACE - 10)
        assert bench.codes() == []
    bench.clock.advance(GRACE)
    assert bench.codes() == ["head-unanchored"]  # this one never came


def test_powers_that_go_elsewhere(bench: Bench) -> None:
    bench.codes()
    with opened(bench.tmp_path / "mirror", bench.trust.origin) as folder:
        assert folder.state.authority["rights"] == folder.state.authority["anchor"]
        folder.state.authority["rights"] = "ab" * 20
        folder.keep()
    assert bench.codes() == ["authority-changed"]


def test_what_a_role_may_do_is_changed(bench: Bench) -> None:
    bench.codes()
    bench.node.adds = [_event(bench, watched.RULES[4], bytes(12) + bench.trust.rights.address, bytes(32))]
    w.to_publicity(bench.registry, bench.tmp_path / "two")
    assert bench.codes() == ["roles-unproved"]  # the powers are as they were
    _enrol(bench)
    assert bench.codes() == ["role-granted", "role-rule-changed"]  # which of them is true, people see


def test_a_role_that_a_node_keeps_silent_about_is_found_by_the_powers_state(bench: Bench) -> None:
    bench.codes()
    bench.node.hides = (watched.GRANTED.signature,)
    _enrol(bench)
    assert bench.codes() == ["powers-hidden"]
    assert bench.codes() == []
    assert "no event of it" in bench.told[-1]["message"]


def test_a_flood_of_made_up_roles_is_one_alarm(bench: Bench) -> None:
    bench.codes()
    one = _event(bench, watched.GRANTED, bytes(32), bytes(32))
    made_up = [{**one, "topics": [*one["topics"][:2], f"0x{number:064x}"]} for number in range(1, 5001)]
    bench.node.adds = made_up
    w.to_publicity(bench.registry, bench.tmp_path / "two")
    assert bench.codes() == ["roles-unproved"]
    assert "5000 changes" in bench.told[-1]["message"]
    assert (bench.tmp_path / "mirror" / "mirror.json").stat().st_size < 20_000
    _enrol(bench)  # behind which a true one hides: the first are cried, and that there are more
    codes = bench.codes()
    assert (len(codes), codes[-1]) == (MOST + 1, "roles-many")


def test_a_mirror_of_an_earlier_program_goes_on(bench: Bench) -> None:
    bench.codes()
    path = bench.tmp_path / "mirror" / "mirror.json"
    kept = json.loads(path.read_bytes())
    for name in ("powers", "changed", "changes"):
        del kept[name]
    path.write_text(json.dumps(kept))
    _enrol(bench)
    assert bench.codes() == ["role-granted"]


def test_a_node_that_talks_nonsense_ends_nothing(bench: Bench) -> None:
    bench.codes()
    w.to_publicity(bench.registry, bench.tmp_path / "two")
    bench.node.adds = [_event(bench, watched.GRANTED)]
    assert [fault.code for fault in bench.round().unknown] == ["node-nonsense"]
    bench.node.adds = []
    bench.node.shift = 1
    assert [fault.code for fault in bench.round().unknown] == ["node-unproved"]
    bench.node.shift = 0
    assert bench.codes() == []


def test_a_node_that_stands_still(bench: Bench) -> None:
    bench.codes()
    bench.clock.advance(bench.trust.max_age + 1)
    found = bench.round()
    assert ([fault.code for fault in found.unknown], found.alarms) == (["node-stale"], [])


def test_answers_that_are_too_long_are_asked_for_in_parts_and_not_twice(bench: Bench) -> None:
    bench.node.most = 40
    final = bench.node.final()
    bench.node.asked = []
    assert bench.codes() == []
    taken = [one for one in bench.node.asked if one[1] - one[0] < 40]
    assert [block for first, last in taken for block in range(first, last + 1)] == list(range(final + 1))
    bench.node.most = 0
    w.to_publicity(bench.registry, bench.tmp_path / "two")
    assert [fault.code for fault in bench.round().unknown] == ["node-too-long"]


def test_a_head_without_its_witnesses(bench: Bench) -> None:
    policy = trust_policy(bench.registry.instance)
    asking(1, entry("a"))(policy)
    trust = parse_trust(canonical.dumps(policy))
    assert bench.codes(trust=trust) == []
    bench.clock.advance(GRACE)
    assert bench.codes(trust=trust) == ["witnesses-missing"]


def test_a_head_signed_by_somebody_else(bench: Bench) -> None:
    folder = bench.fake_log()
    text = (folder / "checkpoint").read_text()
    (folder / "checkpoint").write_text(text.replace("A", "B", 1) if "A" in text else text[:-9])
    assert bench.codes() == ["log-head"]


class _At(Faults):
    def __init__(self, count: int) -> None:
        self.count = count

    def hit(self, point: str) -> None:
        super().hit(point)
        self.count -= 1
        if self.count == 0:
            raise InjectedFault(point)


def test_killed_at_any_write_it_goes_on(bench: Bench) -> None:
    """From its first round: whatever was written by then, the next round comes out as if nothing had been."""
    strikes = 0
    while True:
        strikes += 1
        shutil.rmtree(bench.tmp_path / "mirror", ignore_errors=True)
        try:
            bench.round(faults=_At(strikes))
        except InjectedFault:
            assert bench.codes() == []
            copied = w.files(bench.tmp_path / "mirror" / "log")
            assert copied.items() <= w.files(bench.served).items()
            continue
        break
    assert strikes > 6


def test_an_alarm_is_not_lost_by_a_kill(bench: Bench) -> None:
    bench.codes()
    _rewrite(bench)
    for strike in (1, 2):
        with pytest.raises(InjectedFault):
            bench.round(faults=_At(strike))
        assert bench.codes() == ["log-fork"]
        (bench.tmp_path / "mirror" / "alarms.jsonl").unlink()


def test_an_alarm_is_told_where_the_disk_is_full(bench: Bench) -> None:
    class Full(Faults):
        def hit(self, point: str) -> None:
            super().hit(point)
            if point.endswith(".before"):
                raise EnvironmentFault("full", code="disk-full")

    bench.codes()
    _rewrite(bench)
    found = bench.round(faults=Full())
    assert {fault.code for fault in found.unknown} == {"disk-full"}
    assert [one["code"] for one in bench.told] == ["log-fork"]
    assert bench.codes() == ["log-fork"]


def test_a_copy_that_is_damaged_accuses_nobody(bench: Bench) -> None:
    bench.codes()
    w.to_publicity(bench.registry, bench.tmp_path / "two")
    shutil.rmtree(bench.tmp_path / "mirror" / "log" / "tile")
    found = bench.round()
    assert ({fault.code for fault in found.unknown}, found.alarms) == ({"mirror-damaged"}, [])


def test_a_folder_is_one_logs_and_one_process_s(bench: Bench) -> None:
    root = bench.tmp_path / "mirror"
    with opened(root, "a.example") as folder:
        folder.keep()
        with pytest.raises(EnvironmentFault, match="another mirror"), opened(root, "a.example"):
            pass
    with pytest.raises(UsageFault, match="another log"), opened(root, "b.example"):
        pass
    (root / "mirror.json").write_text("{}")
    with pytest.raises(DataFault, match="not one of a mirror"), opened(root, "a.example"):
        pass


def test_it_needs_no_more_than_the_verifier() -> None:
    """Neither web3 nor a database, a web framework or an HTTP client of others."""
    barred = ("web3", "sqlmodel", "sqlalchemy", "httpx", "httpcore", "starlette", "fastapi", "eth", "lmdb")
    program = f"""
import sys
for name in {barred!r}:
    sys.modules[name] = None
import yinzheng.api.cli.mirror, yinzheng.api.cli.verify_target, yinzheng.api.mirror.following
import yinzheng.api.log_source, yinzheng.api.rpc
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=120)


def test_events_are_those_of_the_contracts() -> None:
    names = {
        "anchor": "CheckpointAnchor",
        "rights": "RightsRegistry",
        "moves": "RightsMoves",
        "standing": "Standing",
        "preservation": "Preservation",
        "consents": "ConsentRegistry",
        "authority": "AccessManager",
    }
    folder = ROOT / "contracts" / "artifacts"
    said = {
        contract: {
            f"{one['name']}({','.join(map(_type, one['inputs']))})"
            for one in json.loads((folder / f"{name}.json").read_text())["abi"]
            if one["type"] == "event"
        }
        for contract, name in names.items()
    }
    for kind in watched.KINDS.values():
        assert kind.signature in said[kind.contract], kind.signature


def _type(value: dict[str, Any]) -> str:
    if value["type"].startswith("tuple"):
        return f"({','.join(map(_type, value['components']))}){value['type'][5:]}"
    return str(value["type"])


def _enrol(bench: Bench) -> None:
    keeper = w.actor_of(bench.registry, w.KEEPER)
    secret = make_demonstration_passphrase(bench.registry.paths, "officer-zhao")
    enrol_with_key(bench.registry, "officer-zhao", Capacity.REGISTRY, secret, keeper, scrypt_n=2)
    settle(bench.registry)


def _event(bench: Bench, kind: watched.Kind, *topics: bytes) -> dict[str, Any]:
    """An event as a node tells it, in the last block."""
    with opened(bench.tmp_path / "mirror", bench.trust.origin) as folder:
        authority = folder.state.authority["rights"]
    said = [keccak256(kind.signature.encode()), *topics]
    return {
        "address": "0x" + authority,
        "topics": ["0x" + one.hex() for one in said],
        "data": "0x" + bytes(32).hex(),
        "blockNumber": hex(10**9),
        "logIndex": "0x0",
    }


def _rewrite(bench: Bench) -> None:
    """The registry's own keys sign another history of the same length, with tiles that lead to it."""
    size, origin = bench.registry.log.size, bench.trust.origin
    entries = list(bench.registry.log.entries())
    target = bench.tmp_path / "lying"
    shutil.rmtree(target, ignore_errors=True)
    other = TileLog(target, origin)
    other.append([entries[1], entries[0], *entries[2:]])
    assert other.size == size
    other.publish(bench.registry.keys.log_signers(origin))
    bench.served = target
