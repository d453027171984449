"""Downloads from a real server over TLS, however it behaves."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from pathlib import Path
from typing import Any

import pytest

from kiosk.download import Download, Fetched, Limits
from kiosk.errors import ConfigError, DownloadFailed
from tests.fakes.web_server import (
    Answer,
    WebServer,
    cut_off,
    dripping,
    endless,
    refusing,
    serving,
    silent,
    whole,
)


CONTENT = os.urandom(200_000)
LIMITS = Limits(most_bytes=1 << 20, deadline_s=10.0, stall_s=2.0)


class Fetching:
    """Downloads of one path; pauses are noted instead of waited for."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "bundle.tar"
        self.pauses: list[float] = []

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def fetch(
        self, server: WebServer, known: str = "", limits: Limits = LIMITS, **more: Any
    ) -> Fetched | None:
        given = {"tls": server.tls(), "sleep": self.pause, "chance": lambda: 1.0}
        return Download(server.url, self.path, limits, **{**given, **more}).fetch(known)


@pytest.fixture
def fetching(tmp_path: Path) -> Fetching:
    (tmp_path / "in").mkdir()
    return Fetching(tmp_path / "in")


def names(fetching: Fetching) -> list[str]:
    return sorted(path.name for path in fetching.path.parent.iterdir())


def test_a_file_comes_whole_and_is_its_owners_alone(
    tmp_path: Path, fetching: Fetching
) -> None:
    with serving(tmp_path, whole(CONTENT)) as server:
        fetched = fetching.fetch(server)

    assert fetched == Fetched('"v1"', len(CONTENT))
    assert fetching.path.read_bytes() == CONTENT
    assert fetching.path.stat().st_mode & 0o077 == 0
    assert names(fetching) == ["bundle.tar"]
    assert server.asked[0].headers["accept-encoding"] == "identity"
    assert server.connections == 0


def test_what_is_known_already_is_not_sent_again(
    tmp_path: Path, fetching: Fetching
) -> None:
    with serving(tmp_path, whole(CONTENT)) as server:
        assert fetching.fetch(server, known='"v1"') is None

    assert names(fetching) == []


def test_every_second_answer_may_be_500(tmp_path: Path, fetching: Fetching) -> None:
    answers = [refusing("500 Oops"), cut_off(CONTENT, 60_000), refusing("502 Oops")]
    with serving(tmp_path, *answers, whole(CONTENT)) as server:
        fetching.fetch(server)

    assert fetching.path.read_bytes() == CONTENT
    assert server.asked[-1].headers["range"] == "bytes=60000-"
    assert server.asked[-1].headers["if-range"] == '"v1"'
    assert fetching.pauses == [1.0, 2.0, 4.0]


def test_the_next_run_goes_on_where_the_last_one_was_cut_off(
    tmp_path: Path, fetching: Fetching
) -> None:
    once = Limits(1 << 20, 10.0, attempts=1)
    with serving(tmp_path, cut_off(CONTENT, 150_000), whole(CONTENT)) as server:
        with pytest.raises(DownloadFailed, match="broke off, 1 times"):
            fetching.fetch(server, limits=once)
        left = names(fetching)
        fetching.fetch(server)

    assert left == ["bundle.tar.part", "bundle.tar.part.etag"]
    assert fetching.path.read_bytes() == CONTENT
    assert server.asked[1].headers["range"] == "bytes=150000-"


def test_a_file_that_changed_meanwhile_is_not_glued_to_the_old_one(
    tmp_path: Path, fetching: Fetching
) -> None:
    new = os.urandom(100_000)
    answers = cut_off(CONTENT, 150_000), whole(new, '"v2"')
    with serving(tmp_path, *answers) as server:
        assert fetching.fetch(server) == Fetched('"v2"', len(new))

    assert fetching.path.read_bytes() == new


def test_without_an_etag_nothing_is_resumed(tmp_path: Path, fetching: Fetching) -> None:
    answers = cut_off(CONTENT, 150_000, etag='W/"v1"'), whole(CONTENT, etag='W/"v1"')
    with serving(tmp_path, *answers) as server:
        fetching.fetch(server)

    assert "range" not in server.asked[1].headers
    assert fetching.path.read_bytes() == CONTENT


def test_a_server_that_asks_for_a_pause_gets_it(
    tmp_path: Path, fetching: Fetching
) -> None:
    answers = refusing("503 Later", Retry_After="7"), whole(CONTENT)
    with serving(tmp_path, *answers) as server:
        fetching.fetch(server)

    assert fetching.pauses == [7.0]


def test_a_drip_ends_at_the_total_deadline(tmp_path: Path, fetching: Fetching) -> None:
    limits = Limits(1 << 20, 1.0, stall_s=5.0)
    began = time.monotonic()
    with serving(tmp_path, dripping(CONTENT)) as server:
        with pytest.raises(DownloadFailed, match="not whole within 1 s"):
            fetching.fetch(server, limits=limits)
        took = time.monotonic() - began

    assert took < 5.0


def test_a_silent_server_is_left_before_the_deadline(
    tmp_path: Path, fetching: Fetching
) -> None:
    limits = Limits(1 << 20, 30.0, stall_s=0.3, attempts=2)
    with (
        serving(tmp_path, silent) as server,
        pytest.raises(DownloadFailed, match=r"nothing came for 0\.3 s, 2 times"),
    ):
        fetching.fetch(server, limits=limits)


@pytest.mark.parametrize(
    ("answer", "limit"),
    [
        (endless, 100_000),
        (whole(CONTENT), 100_000),
        (whole(CONTENT, Note="x"), 199_999),
    ],
    ids=["endless", "twice as long", "a byte too long"],
)
def test_no_more_is_kept_than_allowed(
    tmp_path: Path, fetching: Fetching, answer: Answer, limit: int
) -> None:
    with (
        serving(tmp_path, answer) as server,
        pytest.raises(DownloadFailed, match=f"larger than {limit} bytes"),
    ):
        fetching.fetch(server, limits=Limits(limit, 10.0))

    assert names(fetching) == []


def test_a_redirect_is_followed_a_few_times_only(
    tmp_path: Path, fetching: Fetching
) -> None:
    moved = refusing("302 Found", Location="/elsewhere.tar")
    with serving(tmp_path, moved, whole(CONTENT)) as server:
        fetching.fetch(server)
        assert server.asked[1].path == "/elsewhere.tar"

    with (
        serving(tmp_path, moved) as server,
        pytest.raises(DownloadFailed, match="sends us away more than 3 times"),
    ):
        fetching.fetch(server)


def test_a_sign_in_page_is_named_for_what_it_is(
    tmp_path: Path, fetching: Fetching
) -> None:
    portal = refusing("302 Found", Location="http://portal.example/login")
    with (
        serving(tmp_path, portal) as server,
        pytest.raises(DownloadFailed, match="does this network need a sign-in"),
    ):
        fetching.fetch(server)


def test_a_server_nobody_vouches_for_gets_no_request(
    tmp_path: Path, fetching: Fetching
) -> None:
    with (
        serving(tmp_path, whole(CONTENT)) as server,
        pytest.raises(DownloadFailed, match="its certificate is not trusted"),
    ):
        fetching.fetch(server, tls=ssl.create_default_context())

    assert server.asked == []


def test_a_server_without_tls_is_no_server(tmp_path: Path, fetching: Fetching) -> None:
    with serving(tmp_path, whole(CONTENT), with_tls=False) as server:
        server.url = server.url.replace("http:", "https:")
        with pytest.raises(DownloadFailed, match="no TLS"):
            fetching.fetch(server)

    assert server.asked == []


def test_nobody_there_is_said_as_the_system_says_it(
    tmp_path: Path, fetching: Fetching
) -> None:
    with serving(tmp_path, whole(CONTENT)) as server:
        pass

    with pytest.raises(DownloadFailed, match="5 times") as caught:
        fetching.fetch(server)

    assert caught.value.host.startswith("localhost:")
    assert "bundle" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["http://a.example/x", "ftp://a.example/x", "https://", "https://u:p@a/x", "//["],
)
def test_an_address_that_is_none_is_a_mistake(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match="must look like https://host"):
        Download(url, tmp_path / "x", LIMITS, ssl.create_default_context())


def test_plain_http_is_for_those_who_allow_it(
    tmp_path: Path, fetching: Fetching
) -> None:
    with serving(tmp_path, whole(CONTENT), with_tls=False) as server:
        assert fetching.fetch(server, insecure=True)


def test_a_link_in_the_files_place_is_not_followed(
    tmp_path: Path, fetching: Fetching
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    fetching.path.with_name("bundle.tar.part").symlink_to(victim)
    with serving(tmp_path, whole(CONTENT)) as server:
        fetching.fetch(server)

    assert victim.read_text() == "precious"


def test_what_there_is_no_room_for_is_not_begun(
    tmp_path: Path, fetching: Fetching
) -> None:
    def free_bytes(folder: Path) -> int:
        return len(CONTENT) + (1 << 20) - 1

    with (
        serving(tmp_path, whole(CONTENT)) as server,
        pytest.raises(DownloadFailed, match=r"needs 1248576 bytes .* and has 1248575"),
    ):
        fetching.fetch(server, free_bytes=free_bytes)

    assert names(fetching) == []


def test_a_rest_needs_room_for_the_rest_only(
    tmp_path: Path, fetching: Fetching
) -> None:
    free = iter([2 << 20, 100_000 + (1 << 20)])
    with serving(tmp_path, cut_off(CONTENT, 100_000), whole(CONTENT)) as server:
        fetching.fetch(server, free_bytes=lambda folder: next(free))

    assert fetching.path.read_bytes() == CONTENT


def test_a_rest_without_room_costs_nothing_of_what_is_there(
    tmp_path: Path, fetching: Fetching
) -> None:
    free = iter([2 << 20, 0, 2 << 20])
    answers = [cut_off(CONTENT, 100_000), whole(CONTENT), whole(CONTENT)]
    with serving(tmp_path, *answers) as server:
        with pytest.raises(DownloadFailed, match="has 0"):
            fetching.fetch(server, free_bytes=lambda folder: next(free))
        fetching.fetch(server, free_bytes=lambda folder: next(free))

    assert server.asked[-1].headers["range"] == "bytes=100000-"
    assert fetching.path.read_bytes() == CONTENT


def test_a_full_disk_is_said(tmp_path: Path, fetching: Fetching) -> None:
    fetching.path.parent.rmdir()
    with (
        serving(tmp_path, whole(CONTENT)) as server,
        pytest.raises(DownloadFailed, match="cannot be kept: No such file"),
    ):
        fetching.fetch(server)


def test_a_server_that_hangs_up_without_a_word_is_asked_again(
    tmp_path: Path, fetching: Fetching
) -> None:
    with serving(tmp_path, lambda asked, talk: None, whole(CONTENT)) as server:
        fetching.fetch(server)

    assert fetching.path.read_bytes() == CONTENT


def test_a_file_without_a_byte_is_a_file(tmp_path: Path, fetching: Fetching) -> None:
    with serving(tmp_path, whole(b"")) as server:
        assert fetching.fetch(server) == Fetched('"v1"', 0)

    assert fetching.path.read_bytes() == b""


def test_two_downloads_in_one_loop(tmp_path: Path, fetching: Fetching) -> None:
    async def both(server: WebServer) -> list[Fetched | None]:
        paths = [fetching.path.with_name(name) for name in ("a", "b")]
        downloads = [Download(server.url, p, LIMITS, server.tls()) for p in paths]
        return list(await asyncio.gather(*(one.fetched() for one in downloads)))

    with serving(tmp_path, whole(CONTENT)) as server:
        assert asyncio.run(both(server)) == [Fetched('"v1"', len(CONTENT))] * 2
