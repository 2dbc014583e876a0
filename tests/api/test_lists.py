"""A list over HTTP: where it goes on, and whether it is what whoever asks has (S15.12)."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from starlette.requests import Request
from starlette.responses import Response

from tests.api.conftest import Client, Serve
from tests.api.fake import FakeNotice, FakeReader
from yinzheng.api.http.lists import OWN, listed
from yinzheng.verifier.bytes.canonical import JSON

ROWS: list[JSON] = [{"row": 1}, {"row": 2}]


def asked(query: str = "", known: str | None = None) -> Request:
    headers = [] if known is None else [(b"if-none-match", known.encode())]
    return Request({"type": "http", "query_string": query.encode(), "headers": headers})


def tag_of(answer: Response) -> str:
    return answer.headers["etag"]


def test_a_page_tells_where_it_goes_on() -> None:
    answer = listed(asked("since=5&after=ab"), "rows", ROWS, "2-é", beside={"of": 7})
    assert json.loads(bytes(answer.body)) == {"of": 7, "rows": ROWS, "next": "2-é"}
    assert answer.headers["link"] == '<?since=5&after=2-%C3%A9>; rel="next"'
    assert answer.headers["cache-control"] == OWN
    last = listed(asked(), "rows", ROWS, None)
    assert json.loads(bytes(last.body))["next"] is None
    assert "link" not in last.headers


@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', '"a b", W/{} , "y"', "*", '"" ,{}'])
def test_what_is_still_so_is_not_sent_again(form: str) -> None:
    tag = tag_of(listed(asked(), "rows", ROWS, "2"))
    answer = listed(asked(known=form.format(tag)), "rows", ROWS, "2")
    assert (answer.status_code, answer.body, tag_of(answer)) == (304, b"", tag)
    assert answer.headers["cache-control"] == OWN
    assert "content-type" not in answer.headers


@pytest.mark.parametrize("known", ["", '"x"', "x", "{bare}", '"{bare}', "**"])
def test_what_is_not_known_is_sent(known: str) -> None:
    tag = tag_of(listed(asked(), "rows", ROWS, None))
    answer = listed(asked(known=known.replace("{bare}", tag.strip('"'))), "rows", ROWS, None)
    assert answer.status_code == 200


def test_a_tag_is_of_rows_place_and_what_stands_beside_them() -> None:
    made = [
        listed(asked(), "rows", ROWS, None),
        listed(asked(), "rows", ROWS[:1], None),
        listed(asked(), "rows", ROWS[::-1], None),
        listed(asked(), "rows", ROWS, "2"),
        listed(asked(), "others", ROWS, None),
        listed(asked(), "rows", ROWS, None, beside={"of": 7}),
    ]
    assert len({tag_of(one) for one in made}) == len(made)


def test_what_is_made_anew_each_time_changes_no_tag() -> None:
    """A signature differs whenever it is made; what it signs does not."""
    first = listed(asked(), "rows", [{"row": 1, "header": "a"}], None, made_now=("header",))
    again = listed(asked(), "rows", [{"row": 1, "header": "b"}], None, made_now=("header",))
    other = listed(asked(), "rows", [{"row": 2, "header": "a"}], None, made_now=("header",))
    assert tag_of(first) == tag_of(again) != tag_of(other)
    assert tag_of(first).startswith('W/"'), "equal rows, other bytes (RFC 9110 8.8.1)"
    unchanged = listed(asked(known=tag_of(first)), "rows", [{"row": 1}], None, made_now=("header",))
    assert (unchanged.status_code, tag_of(unchanged)) == (304, tag_of(first))
    assert json.loads(bytes(again.body))["rows"] == [{"row": 1, "header": "b"}]


def test_the_notice_board_is_walked(serve: Serve, reader: FakeReader) -> None:
    many = [FakeNotice(case=f"A-2026-{number:06}", leaf=f"{number:064x}") for number in range(120, 0, -1)]
    client = serve(replace(reader, published=many))
    found, query, pages = [], "", 0
    while True:
        answer = client.get(f"/v1/publicity{query}")
        assert answer.headers["cache-control"] == "public, no-cache"
        found += [one["case"] for one in answer.json()["notices"]]
        pages += 1
        if answer.json()["next"] is None:
            assert "link" not in answer.headers
            break
        query = f"?after={answer.json()['next']}"
        assert answer.headers["link"] == f'<{query}>; rel="next"'
    assert (found, pages) == ([one.case for one in many], 3)


def test_the_notice_board_is_not_sent_twice(client: Client, reader: FakeReader) -> None:
    answer = client.get("/v1/publicity")
    known = {"If-None-Match": answer.headers["etag"]}
    again = client.get("/v1/publicity", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert client.request("HEAD", "/v1/publicity", headers=known).status_code == 304
    notices = [*reader.published]
    notices[0] = replace(notices[0], open_objections=notices[0].open_objections + 1)
    reader.published = notices
    assert client.get("/v1/publicity", headers=known).json()["notices"][0]["open_objections"] == 1


@pytest.mark.parametrize("after", ["", "x", "AB" * 32, "ab" * 31])
def test_no_place_on_the_board(client: Client, after: str) -> None:
    answer = client.get("/v1/publicity", params={"after": after})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert client.get("/v1/publicity", params={"after": "cd" * 32}).json()["code"] == "query"
