"""Tiles: names as the standard gives them, growth against a tree held in memory, bundles."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verifier.log.growth import as_reader, tiles_between
from yinzheng.verifier.errors import DataFault, UsageFault
from yinzheng.verifier.log import merkle, tiles
from yinzheng.verifier.log.tiles import ENTRIES, Tile, TiledTree

LEAVES = [merkle.hash_leaf(n.to_bytes(3, "big")) for n in range(70_000)]


class Store:
    """Published files by path, as a static server would hold them."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.size = 0

    def grow_to(self, size: int) -> None:
        grown = tiles.grow(self.size, LEAVES[self.size : size], self.read)
        assert [tile for tile, _ in grown] == tiles_between(self.size, size)
        self.files |= {tile.path: data for tile, data in grown}
        self.size = size

    def read(self, tile: Tile) -> bytes:
        return self.files[tile.path]


class TestPaths:
    @pytest.mark.parametrize(
        ("tile", "path"),
        [
            (Tile(0, 0), "tile/0/000"),
            (Tile(0, 999, 1), "tile/0/999.p/1"),
            (Tile(3, 1000, 255), "tile/3/x001/000.p/255"),
            (Tile(0, 1234067), "tile/0/x001/x234/067"),
            (Tile(63, 5), "tile/63/005"),
            (Tile(ENTRIES, 1234067, 17), "tile/entries/x001/x234/067.p/17"),
        ],
    )
    def test_spelling(self, tile: Tile, path: str) -> None:
        assert tile.path == path
        assert tiles.parse_tile_path(path) == tile

    @given(
        st.builds(
            Tile,
            st.integers(ENTRIES, 63),
            st.integers(0, merkle.MAX_SIZE // 256),
            st.integers(1, tiles.WIDTH),
        )
    )
    def test_round_trip(self, tile: Tile) -> None:
        assert tiles.parse_tile_path(tile.path) == tile

    @pytest.mark.parametrize(
        "path",
        [
            "",
            "checkpoint",
            "tile/0",
            "tile/0/",
            "tile/0/0",
            "tile/0/0000",
            "tile/00/000",
            "tile/-1/000",
            "tile/64/000",
            "tile/100/000",
            "tile/0/x000/001",
            "tile/0/001/000",
            "tile/0/x001/x000",
            "tile/0/000.p/0",
            "tile/0/000.p/01",
            "tile/0/000.p/256",
            "tile/0/000.p/999",
            "tile/0/000.p/",
            "tile/0/000/",
            "/tile/0/000",
            "tile/0/000\n",
            "tile/data/000",
            "tile/0/../000",
            "tile/0/٠٠٠",
            "tile/0/x999/x999/x999/x999/x999/x999/999",
        ],
    )
    def test_refuses(self, path: str) -> None:
        with pytest.raises(DataFault) as caught:
            tiles.parse_tile_path(path)
        assert caught.value.code == "tile-path"

    @pytest.mark.parametrize(
        ("level", "index", "width"),
        [(-2, 0, 1), (64, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257), (0, 2**56, 1)],
    )
    def test_there_are_no_other_tiles(self, level: int, index: int, width: int) -> None:
        with pytest.raises(UsageFault):
            Tile(level, index, width)

    def test_bundle_of_a_tile(self) -> None:
        assert Tile(0, 7, 9).bundle == Tile(ENTRIES, 7, 9)
        with pytest.raises(UsageFault):
            _ = Tile(1, 0).bundle


class TestGrowth:
    def test_example_of_the_standard(self) -> None:
        grown = tiles_between(0, 70_000)

        assert [tile.width for tile in grown if tile.level == 0] == [256] * 273 + [112]
        assert [tile for tile in grown if tile.level > 0] == [Tile(1, 0), Tile(1, 1, 17), Tile(2, 0, 1)]
        assert tiles_between(0, 256) == [Tile(0, 0), Tile(1, 0, 1)]

    def test_nothing_grows_without_leaves(self) -> None:
        assert tiles_between(5, 5) == []
        assert tiles.grow(5, [], lambda _tile: b"") == []

    def test_a_tile_never_changes(self) -> None:
        store = Store()
        for size in (1, 255, 256, 257, 600, 1024, 66_000):
            before = dict(store.files)
            store.grow_to(size)
            assert before.items() <= store.files.items()

    @settings(max_examples=25, deadline=None)
    @given(st.lists(st.integers(1, 700), min_size=1, max_size=6), st.data())
    def test_any_growth_gives_the_same_tree(self, steps: list[int], data: st.DataObject) -> None:
        store = Store()
        for step in steps:
            store.grow_to(store.size + step)
        tree, memory = TiledTree(store.size, store.read), as_reader(LEAVES[: store.size])
        index = data.draw(st.integers(0, store.size - 1))
        size1 = data.draw(st.integers(1, store.size))

        assert tree.root() == merkle.root_from_leaves(LEAVES[: store.size])
        assert tree.inclusion_proof(index) == merkle.inclusion_path(index, store.size, memory)
        assert tree.consistency_proof(size1) == merkle.consistency_path(size1, store.size, memory)

    def test_a_tree_of_three_levels(self) -> None:
        store = Store()
        store.grow_to(65_000)
        root1 = TiledTree(65_000, store.read).root()
        store.grow_to(70_000)
        tree = TiledTree(70_000, store.read)
        root = tree.root()

        assert root == merkle.root_from_leaves(LEAVES)
        for index in (0, 255, 256, 65_535, 65_536, 69_999):
            merkle.verify_inclusion(LEAVES[index], index, 70_000, tree.inclusion_proof(index), root)
        merkle.verify_consistency(65_000, root1, 70_000, root, tree.consistency_proof(65_000))

    def test_empty(self) -> None:
        assert TiledTree(0, Store().read).root() == merkle.EMPTY_ROOT

    def test_every_old_size_can_still_be_read(self) -> None:
        store = Store()
        for size in (200, 300, 513):
            store.grow_to(size)
        for size in (200, 300, 513):
            assert TiledTree(size, store.read).root() == merkle.root_from_leaves(LEAVES[:size])


class TestReading:
    def test_a_full_tile_may_stand_in_for_a_partial_one(self) -> None:
        store = Store()
        store.grow_to(300)
        full = TiledTree(100, lambda tile: store.read(Tile(tile.level, tile.index)))

        assert full.root() == merkle.root_from_leaves(LEAVES[:100])

    @pytest.mark.parametrize("length", [0, 31, 32, 32 * 99, 32 * 101, 8191, 8193])
    def test_other_lengths_are_refused(self, length: int) -> None:
        with pytest.raises(DataFault) as caught:
            TiledTree(100, lambda _tile: bytes(length)).root()
        assert caught.value.code == "tile-size"

    def test_each_tile_is_read_once(self) -> None:
        store, asked = Store(), list[Tile]()
        store.grow_to(5000)

        def read(tile: Tile) -> bytes:
            asked.append(tile)
            return store.read(tile)

        tree = TiledTree(5000, read)
        tree.root()
        tree.inclusion_proof(1)
        tree.inclusion_proof(2)
        assert len(asked) == len(set(asked))

    def test_proofs_out_of_range_are_not_made(self) -> None:
        with pytest.raises(UsageFault):
            TiledTree(0, Store().read).inclusion_proof(0)


class TestBundles:
    @given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
    def test_round_trip(self, entries: list[bytes]) -> None:
        data = tiles.encode_bundle(entries)

        assert tiles.decode_bundle(data, len(entries)) == entries
        assert tiles.bundle_leaves(data, len(entries)) == [merkle.hash_leaf(entry) for entry in entries]

    def test_format(self) -> None:
        assert tiles.encode_bundle([b"ab", b""]) == b"\0\x02ab\0\0"

    def test_the_longest_entry(self) -> None:
        entry = bytes(65_535)
        assert tiles.decode_bundle(tiles.encode_bundle([entry]), 1) == [entry]
        with pytest.raises(UsageFault):
            tiles.encode_bundle([entry + b"\0"])

    @pytest.mark.parametrize(
        ("data", "width"),
        [
            (b"", 1),
            (b"\0\x02ab", 2),
            (b"\0\x02ab\0\x01c", 1),
            (b"\0\x03ab", 1),
            (b"\0\0\0", 2),
            (b"\0\0\0\0", 1),
        ],
    )
    def test_refuses(self, data: bytes, width: int) -> None:
        with pytest.raises(DataFault) as caught:
            tiles.decode_bundle(data, width)
        assert caught.value.code == "bundle-malformed"

    @given(st.binary(max_size=60), st.integers(1, 5))
    def test_has_one_spelling(self, data: bytes, width: int) -> None:
        try:
            entries = tiles.decode_bundle(data, width)
        except DataFault:
            return
        assert tiles.encode_bundle(entries) == data
