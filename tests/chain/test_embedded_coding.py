"""RLP by the short way against pyrlp's own: the same bytes, the same values, the same refusals."""

from __future__ import annotations

from typing import Any

import pytest
import rlp
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rlp import codec
from rlp.exceptions import DecodingError, EncodingError
from trie import hexary

from yinzheng.ledger.chain.embedded import coding

_BYTES = st.one_of(
    st.binary(max_size=70),
    st.binary(min_size=32, max_size=32),
    st.sampled_from([b"", b"\0", b"\x7f", b"\x80", bytes(55), bytes(56), bytes(256), bytes(70_000)]),
)
_VALUES = st.recursive(_BYTES, lambda inner: st.lists(inner, max_size=18), max_leaves=40)


def _told(work: Any, *given: Any) -> Any:
    """What comes of it, or how it is refused."""
    try:
        return work(*given)
    except (DecodingError, EncodingError) as refused:
        return type(refused), str(refused)


@settings(max_examples=500)
@given(value=_VALUES)
@example(value=[bytes(32)] * 16 + [b""])
@example(value=[b""] * 55)
@example(value=[b""] * 56)
def test_what_is_written_is_the_same_and_is_read_again(value: Any) -> None:
    written = coding._encode(value)
    assert coding.encode(value) == written
    assert coding.encode(tuple(value) if isinstance(value, list) else bytearray(value)) == written
    assert coding.decode(written, True, False)[0] == value
    assert coding.decode(written, True, True) == coding._decode(written, True, True)


@settings(max_examples=1500)
@given(
    written=st.one_of(
        st.binary(max_size=90),
        st.tuples(_VALUES, st.integers(0, 400), st.integers(0, 255), st.booleans()).map(
            lambda of: _changed(coding._encode(of[0]), *of[1:])
        ),
    )
)
@example(written=b"\xc2\x81\x01")
@example(written=b"\xc1\x81")
@example(written=b"\xf8\x01\x80")
@example(written=b"\xf9\x00\x38" + bytes(56))
@example(written=b"\xc1\x80\x80")
@example(written=b"\xf8")
@example(written=b"\xc0")
def test_what_is_wrong_is_refused_alike(written: bytes) -> None:
    for strict in (True, False):
        ours, theirs = (_told(of, written, strict, False) for of in (coding.decode, coding._decode))
        if isinstance(theirs[0], type):
            assert ours == theirs
        else:
            assert ours[0] == theirs[0]


def _changed(written: bytes, at: int, by: int, cut: bool) -> bytes:
    at %= len(written)
    return written[:at] if cut else written[:at] + bytes((by,)) + written[at + 1 :]


@pytest.mark.parametrize("value", ["text", 7, None, [b"", "text"], [[b""], 7], object()])
def test_what_has_no_rlp_is_refused_alike(value: Any) -> None:
    ours, theirs = (_told(of, value) for of in (coding.encode, coding._encode))
    assert ours[0] is theirs[0] is EncodingError


def test_it_is_what_the_chain_uses() -> None:
    import yinzheng.ledger.chain.embedded.chain  # noqa: F401 - it is chosen there

    assert codec.encode_raw is vars(hexary)["encode_raw"] is coding.encode
    assert codec.decode_raw is coding.decode
    nested = [b"a", [b"b", bytes(60)], bytes(33)]
    assert rlp.decode(rlp.encode(nested)) == nested
