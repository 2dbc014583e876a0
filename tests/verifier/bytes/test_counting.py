"""Numbers of things, in English."""

from yinzheng.verifier.bytes.counting import counted


def test_one_and_several() -> None:
    assert [counted(n, "subject") for n in (0, 1, 2)] == ["0 subjects", "1 subject", "2 subjects"]
    assert [counted(n, "entry", "entries") for n in (1, 2)] == ["1 entry", "2 entries"]
