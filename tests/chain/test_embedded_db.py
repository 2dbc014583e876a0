"""The store: atomic, durable, growing, and seen by other processes at once."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from eth.db.atomic import AtomicDB
from hypothesis import given
from hypothesis import strategies as st

from yinzheng.ledger.chain.embedded.db import Staging, Store
from yinzheng.verifier.errors import EnvironmentFault

WRITES = st.lists(st.tuples(st.binary(min_size=1, max_size=2), st.none() | st.binary(max_size=3)))


def put(base: Staging, writes: list[tuple[bytes, bytes | None]]) -> None:
    for key, value in writes:
        if value is None:
            base.delete(key)
        else:
            base[key] = value


@given(below=WRITES, inside=WRITES, fails=st.booleans())
def test_staging_is_a_dictionary_over_another(
    below: list[tuple[bytes, bytes | None]], inside: list[tuple[bytes, bytes | None]], fails: bool
) -> None:
    base = Staging(AtomicDB())
    model: dict[bytes, bytes | None] = {}
    put(base, below)
    model.update(below)
    with suppress(ZeroDivisionError), base.atomic_batch() as batch:
        put(batch, inside)
        seen = {**model, **dict(inside)}
        assert all(batch.exists(key) == (value is not None) for key, value in seen.items())
        1 // (not fails)
        model = seen
    for key, value in model.items():
        assert (base[key] if base.exists(key) else None) == value
        if value is None:
            with pytest.raises(KeyError):
                base[key]


def test_a_batch_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    store = Store(tmp_path, writable=True)
    with store.atomic_batch() as batch:
        batch[b"a"] = b"1"
        assert not store.exists(b"a")
    with pytest.raises(ZeroDivisionError), store.atomic_batch() as batch:
        batch[b"b"] = b"2"
        del batch[b"a"]
        raise ZeroDivisionError
    assert store[b"a"] == b"1"
    assert not store.exists(b"b")
    with store.atomic_batch() as batch:
        del batch[b"a"]
    with pytest.raises(KeyError):
        store[b"a"]
    with pytest.raises(KeyError):
        del store[b"a"]
    store.close()


def test_the_map_grows_under_open_readers(tmp_path: Path) -> None:
    store = Store(tmp_path, writable=True, map_size=2**16)
    reader = Store(tmp_path)
    for number in range(40):
        store[b"key%d" % number] = bytes(20_000)
        assert reader[b"key%d" % number] == bytes(20_000)
    store.commit({b"large%d" % number: bytes(100_000) for number in range(20)})
    assert len(reader[b"large19"]) == 100_000
    store.close()
    store.close()
    reader.close()
    again = Store(tmp_path, writable=True, map_size=2**16)
    again.commit({b"more%d" % number: bytes(100_000) for number in range(20)})
    assert len(again[b"large19"]) == len(again[b"more19"]) == 100_000
    again.close()


def test_a_reader_of_this_process_sees_a_writer_that_comes_later(tmp_path: Path) -> None:
    Store(tmp_path, writable=True).close()
    reader = Store(tmp_path)
    with pytest.raises(EnvironmentFault) as fault:
        reader[b"x"] = b"y"
    assert fault.value.code == "chain-disk"
    writer = Store(tmp_path, writable=True)
    writer[b"k"] = b"v"
    assert reader[b"k"] == b"v"
    writer.close()
    assert reader[b"k"] == b"v"
    reader.close()


READER = """
import sys
from pathlib import Path
from yinzheng.ledger.chain.embedded.db import Store
store = Store(Path(sys.argv[1]))
for line in sys.stdin:
    key = line.strip().encode()
    print(len(store[key]) if store.exists(key) else "none", flush=True)
"""


def test_another_process_sees_every_commit_even_when_the_map_has_grown(tmp_path: Path) -> None:
    store = Store(tmp_path, writable=True, map_size=2**16)
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        for number, size in enumerate([1, 1_000, 100_000, 3_000_000]):
            for expected in ("none", str(size)):
                reader.stdin.write(f"key{number}\n")
                reader.stdin.flush()
                assert reader.stdout.readline().strip() == expected
                store[b"key%d" % number] = bytes(size)
        reader.stdin.close()
        assert reader.wait(timeout=10) == 0
    store.close()


FULL = """
import resource, sys
from pathlib import Path
from yinzheng.ledger.chain.embedded.db import Store
from yinzheng.verifier.errors import EnvironmentFault
store = Store(Path(sys.argv[1]), writable=True)
store[b"before"] = b"1"
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    store.commit({b"small": b"1", b"large": bytes(1_000_000)})
except EnvironmentFault as fault:
    assert fault.code == "chain-disk", fault.code
    assert store[b"before"] == b"1" and not store.exists(b"small")
    print("refused")
"""


def test_a_disk_that_takes_no_more_is_reported_and_nothing_is_written(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.stdout == "refused\n", done.stderr
    store = Store(tmp_path, writable=True)
    assert store[b"before"] == b"1"
    assert not store.exists(b"small")
    store[b"after"] = b"2"
    assert store[b"after"] == b"2"
    store.close()


def test_no_store_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault) as fault:
        Store(tmp_path)
    assert fault.value.code == "chain-missing"


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data.mdb").write_bytes(b"not a database" * 1000)
    with pytest.raises(EnvironmentFault) as fault:
        Store(tmp_path)
    assert fault.value.code == "chain-unreadable"


def test_keys_between_bounds_ascending(tmp_path: Path) -> None:
    store = Store(tmp_path, writable=True)
    store.commit({bytes([number]): b"" for number in (9, 3, 7, 5)})
    assert store.keys_between(b"\3", b"\7") == [b"\3", b"\5", b"\7"]
    assert store.keys_between(b"\x0a", b"\xff") == []
    store.close()
