"""What a download makes of the head of an answer."""

from __future__ import annotations

import pytest

from kiosk.download.answer import (
    Elsewhere,
    GaveUp,
    NotModified,
    Taken,
    TryAgain,
    Verdict,
    judge,
    strong,
)


URL = "https://fleet.example.org/bundles/1.tar"


def judged(status: int, kept: int = 0, **headers: str) -> Verdict:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return judge(URL, status, named, kept=kept, most=1000)


def test_a_whole_file_begins_at_its_beginning() -> None:
    assert judged(200, kept=10, etag='"a"') == Taken(0, '"a"')


def test_a_part_goes_on_where_it_was_broken_off() -> None:
    assert judged(206, kept=10, content_range="bytes 10-99/100") == Taken(10, "")


@pytest.mark.parametrize("span", ["bytes 11-99/100", "bytes */100", "", "10-99"])
def test_another_part_than_asked_for_is_not_glued_on(span: str) -> None:
    with pytest.raises(TryAgain) as caught:
        judged(206, kept=10, content_range=span)

    assert caught.value.from_start


def test_what_did_not_change_is_not_fetched() -> None:
    assert isinstance(judged(304), NotModified)


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/other.tar", "https://fleet.example.org/other.tar"),
        ("https://cdn.example.org/x?y=z", "https://cdn.example.org/x?y=z"),
    ],
)
def test_another_address_is_followed(location: str, target: str) -> None:
    assert judged(302, location=location) == Elsewhere(target)


@pytest.mark.parametrize(
    "location",
    [
        "",
        "http://fleet.example.org/1.tar",
        "http://captive.example/login",
        "https://user@evil.example/",
        "https://[",
        "file:///etc/passwd",
    ],
)
def test_nobody_is_followed_out_of_https(location: str) -> None:
    with pytest.raises(GaveUp, match="does this network need a sign-in"):
        judged(302, location=location)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_passes_is_tried_again(status: int) -> None:
    with pytest.raises(TryAgain) as caught:
        judged(status)

    assert caught.value.after_s == 0


@pytest.mark.parametrize(
    ("text", "after_s"), [("7", 7), ("99999", 30), ("tomorrow", 0), ("-1", 0), ("", 0)]
)
def test_a_server_that_wants_to_be_left_alone_is(text: str, after_s: float) -> None:
    with pytest.raises(TryAgain) as caught:
        judged(503, retry_after=text)

    assert caught.value.after_s == after_s


def test_a_part_the_server_does_not_have_is_forgotten() -> None:
    with pytest.raises(TryAgain) as caught:
        judged(416)

    assert caught.value.from_start


@pytest.mark.parametrize("status", [201, 204, 400, 401, 403, 404, 410])
def test_a_no_is_a_no(status: int) -> None:
    with pytest.raises(GaveUp, match=f"HTTP {status}"):
        judged(status)


@pytest.mark.parametrize(
    ("headers", "kept", "reason"),
    [
        ({"content_encoding": "gzip"}, 0, "compressed"),
        ({"content_length": "1001"}, 0, "larger than 1000 bytes"),
        ({"content_length": "9" * 400}, 0, "larger than 1000 bytes"),
        ({"content_length": "-1"}, 0, "larger than 1000 bytes"),
        ({"content_length": "991", "content_range": "bytes 10-/1"}, 10, "another part"),
    ],
)
def test_what_is_not_to_be_kept_is_not_read(
    headers: dict[str, str], kept: int, reason: str
) -> None:
    status = 206 if kept else 200
    with pytest.raises((GaveUp, TryAgain), match=reason):
        judged(status, kept=kept, **headers)


def test_the_rest_counts_with_what_is_here() -> None:
    with pytest.raises(GaveUp, match="larger"):
        judged(206, kept=10, content_range="bytes 10-1000/1001", content_length="991")


@pytest.mark.parametrize(
    ("etag", "kept"),
    [('"a"', '"a"'), ('W/"a"', ""), ("a", ""), ('"a', ""), ('"a\r\nb"', ""), ("", "")],
)
def test_only_an_etag_for_every_byte_lets_a_file_be_resumed(
    etag: str, kept: str
) -> None:
    assert strong(etag) == kept
