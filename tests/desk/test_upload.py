"""Uploading a file of consents: resumed where it stopped, nothing twice, what is refused set aside."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from yinzheng.api.org import uploading
from yinzheng.api.org.calling import Answer, Client
from yinzheng.api.org.uploading import Upload, Uploaded, read_granted
from yinzheng.verifier.errors import DataFault, EnvironmentFault, UsageFault

SECRET = bytes(range(32))


class Desk:
    """Records each line once, as a desk does; refuses the line `bad`."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[bytes, list[dict[str, str]]]] = {}
        self.recorded: list[str] = []
        self.trouble: Callable[[int], None] = lambda _: None
        self.calls = 0

    def call(self, method: str, path: str, body: bytes = b"", media: str = "") -> Answer:
        assert (method, media) == ("POST", uploading.NDJSON)
        self.calls += 1
        once = path.partition("?once=")[2]
        assert len(once) == 32
        lines = body.decode().splitlines()
        assert len(lines) <= uploading.BATCH_LINES
        if once not in self.answers:
            for index, line in enumerate(lines):
                if "bad" in line:
                    raise DataFault("not lawful", code="consent-unlawful", index=index)
            granted = [{"subject": f"{line:0>64}", "leaf": "0" * 64} for line in lines]
            self.recorded += lines
            self.answers[once] = body, granted
        assert self.answers[once][0] == body
        self.trouble(self.calls)
        answer = {"granted": self.answers[once][1]}
        return Answer("application/json", json.dumps(answer).encode())


@pytest.fixture
def desk() -> Desk:
    return Desk()


def upload(desk: Desk, file: Path) -> Upload:
    return Upload(cast(Client, desk), file, SECRET, progress=lambda _: None, sleep=lambda seconds: None)


def file_of(folder: Path, lines: list[str]) -> Path:
    file = folder / "consents.ndjson"
    file.write_text("\n".join(lines) + "\n")
    return file


def noted(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "BATCH_LINES", 4)


def test_each_line_is_recorded_once_and_noted_by_its_number(desk: Desk, tmp_path: Path) -> None:
    file = file_of(tmp_path, ["1", "2", "", "3", "4", "5"])
    sending = upload(desk, file)
    assert sending.run() == Uploaded(5, 0, 5)
    assert desk.recorded == ["1", "2", "3", "4", "5"]
    assert [one["line"] for one in noted(sending.granted_file)] == [1, 2, 4, 5, 6]
    assert list(read_granted(sending.granted_file)) == [f"{n:0>64}" for n in range(1, 6)]
    assert upload(desk, file).run() == Uploaded(5, 0, 0)
    assert desk.calls == 2


def test_what_is_refused_is_set_aside_and_the_rest_goes_on(desk: Desk, tmp_path: Path) -> None:
    file = file_of(tmp_path, ["bad0", "1", "2", "bad3", "4", "5", "bad6"])
    sending = upload(desk, file)
    assert sending.run() == Uploaded(4, 3, 4)
    assert desk.recorded == ["1", "2", "4", "5"]
    assert [one["line"] for one in noted(sending.refused_file)] == [1, 4, 7]
    assert {one["code"] for one in noted(sending.refused_file)} == {"consent-unlawful"}
    assert "bad" not in sending.refused_file.read_text()


def test_what_an_editor_leaves_means_nothing(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "consents.ndjson"
    file.write_bytes(b"\xef\xbb\xbf1\r\n\r\n \t\r\n2\r\n3\n\n\n")
    sending = upload(desk, file)
    assert sending.run() == Uploaded(3, 0, 3)
    assert desk.recorded == ["1", "2", "3"]
    assert [one["line"] for one in noted(sending.granted_file)] == [1, 4, 5]


@pytest.mark.parametrize("encoding", ["gbk", "utf-16"])
def test_of_a_file_in_another_encoding_nothing_is_sent(desk: Desk, tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "consents.ndjson"
    file.write_bytes("1\n2\n云汐市\n".encode(encoding))
    with pytest.raises(DataFault) as caught:
        upload(desk, file).run()
    assert caught.value.code == "import-encoding"
    assert (desk.calls, desk.recorded) == (0, [])


def test_what_was_recorded_before_is_counted(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = desk.call

    def call(method: str, path: str, body: bytes = b"", media: str = "") -> Answer:
        value = inner(method, path, body, media).json()
        value["granted"][0]["already"] = True
        return Answer("application/json", json.dumps(value).encode())

    monkeypatch.setattr(desk, "call", call)
    sending = upload(desk, file_of(tmp_path, ["1", "2", "3", "4", "5"]))
    assert sending.run() == Uploaded(5, 0, 3, 2)
    assert [one.get("already") for one in noted(sending.granted_file)] == [True, None, None, None, True]


def test_a_line_no_consent_fills_is_not_sent(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploading, "MAX_LINE", 10)
    sending = upload(desk, file_of(tmp_path, ["1", "x" * 11, "2"]))
    assert sending.run() == Uploaded(2, 1, 2)
    assert noted(sending.refused_file)[0]["line"] == 2


def test_an_answer_that_was_lost_is_asked_for_again(desk: Desk, tmp_path: Path) -> None:
    def lose(call: int) -> None:
        if call in (1, 2):
            raise EnvironmentFault("the desk does not answer", code="desk-unreachable", retry_after=1)

    desk.trouble = lose
    assert upload(desk, file_of(tmp_path, ["1", "2"])).run() == Uploaded(2, 0, 2)
    assert desk.recorded == ["1", "2"]
    assert desk.calls == 3


def test_a_run_that_died_before_it_noted_is_resumed(desk: Desk, tmp_path: Path) -> None:
    file = file_of(tmp_path, ["1", "2", "3", "4", "5"])

    def die(call: int) -> None:
        if call == 2:
            raise KeyboardInterrupt

    desk.trouble = die
    with pytest.raises(KeyboardInterrupt):
        upload(desk, file).run()
    sending = upload(desk, file)
    with sending.granted_file.open("ab") as opened:
        opened.write(b'{"line": 5, "subj')  # as a crash would leave it
    assert sending.run() == Uploaded(5, 0, 1)
    assert desk.recorded == ["1", "2", "3", "4", "5"]


def test_a_desk_that_stays_away_is_an_error(desk: Desk, tmp_path: Path) -> None:
    def away(_: int) -> None:
        raise EnvironmentFault("the desk does not answer", code="desk-unreachable")

    desk.trouble = away
    with pytest.raises(EnvironmentFault):
        upload(desk, file_of(tmp_path, ["1"])).run()
    assert desk.calls == uploading.TRIES


def test_an_answer_to_something_else_is_an_error(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "call", lambda *_: Answer("application/json", b'{"granted":[]}'))
    with pytest.raises(DataFault) as raised:
        upload(desk, file_of(tmp_path, ["1"])).run()
    assert raised.value.code == "answer-malformed"


def test_a_refusal_of_no_line_ends_it(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Answer:
        raise DataFault("what is this", code="json-malformed")

    monkeypatch.setattr(desk, "call", refuse)
    with pytest.raises(DataFault):
        upload(desk, file_of(tmp_path, ["1"])).run()


def test_files_that_are_not_there(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(UsageFault):
        upload(desk, tmp_path / "none.ndjson").run()
    with pytest.raises(UsageFault):
        list(read_granted(tmp_path / "none.ndjson"))
    (tmp_path / "other").write_text('{"line":1}\n')
    with pytest.raises(DataFault):
        list(read_granted(tmp_path / "other"))


def person(reference: str, answer: str = "ok") -> str:
    return json.dumps({"person": {"reference": reference}, "answer": answer})


def test_a_corrected_line_is_taken_on_the_next_run(desk: Desk, tmp_path: Path) -> None:
    file = file_of(tmp_path, [person("MR-1"), person("MR-2", "bad"), person("MR-3")])
    assert upload(desk, file).run() == Uploaded(2, 1, 2)
    (refused,) = upload(desk, file).refusals(9)
    assert (refused["line"], refused["reference"]) == (2, "MR-2")
    file_of(tmp_path, [person("MR-0"), person("MR-1"), person("MR-2"), person("MR-3")])
    sending = upload(desk, file)
    assert sending.run() == Uploaded(4, 0, 2)
    assert sorted(desk.recorded) == sorted(person(f"MR-{n}") for n in range(4))
    assert {one["reference"] for one in noted(sending.granted_file)} == {f"MR-{n}" for n in range(4)}
    assert sending.granted_file.stat().st_mode & 0o777 == 0o600


def test_the_same_person_in_a_file_of_another_name_is_told(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "org"
    folder.mkdir()

    def sent(name: str, lines: list[str]) -> Upload:
        file = tmp_path / name
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        client = cast(Client, desk)
        made = Upload(client, file, SECRET, progress=lambda _: None, sleep=lambda _: None, folder=folder)
        made.run()
        return made

    assert sent("a.ndjson", [person("MR-1"), person("MR-2")]).met == []
    (met,) = sent("b.ndjson", [person("MR-3"), person("MR-2", "other")]).met
    assert (met.line, met.reference, met.file, met.before) == (2, "MR-2", "a.ndjson", 2)
    assert all(len(one["person"]) == 32 for one in noted(folder / "references.ndjson"))
    # A line that was recorded and is corrected afterwards is another consent, in the same file too.
    (met,) = sent("a.ndjson", [person("MR-1", "corrected"), person("MR-2")]).met
    assert (met.line, met.reference, met.file, met.before) == (1, "MR-1", "a.ndjson", 1)
    assert sent("a.ndjson", [person("MR-1", "corrected"), person("MR-2")]).met == []
    (met,) = sent("c.ndjson", [person("MR-4"), person("MR-4", "twice")]).met
    assert (met.line, met.before) == (2, 1)
    # A run that died between its two notes is made up for.
    known = (folder / "references.ndjson").read_text().splitlines()
    (folder / "references.ndjson").write_text("\n".join(known[:-2]) + "\n")
    assert sent("c.ndjson", [person("MR-4"), person("MR-4", "twice")]).met == []
    (met,) = sent("d.ndjson", [person("MR-4", "again")]).met
    assert (met.file, met.before) == ("c.ndjson", 2)
