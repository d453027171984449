"""``kiosk server`` without a configuration: what it keeps, and what hinders it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from kiosk.room import messages as msg
from tests.fakes.branch import wait_until
from tests.fakes.programs import Program, Server
from tests.fakes.room_server import members_at


pytestmark = pytest.mark.e2e

ANY_PORT = "127.0.0.1:0"


class BareServer(Server):
    """A server that is told its addresses and nothing else, in a home of its own."""

    def __init__(self, home: Path, http: str = ANY_PORT) -> None:
        Program.__init__(
            self,
            home / "server.log",
            *("server", "--http", http, "--rtmp", ANY_PORT),
            HOME=str(home),
            STATE_DIRECTORY="",
            XDG_STATE_HOME="",
        )


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., BareServer]]:
    with ExitStack() as stack:

        def begin(http: str = ANY_PORT) -> BareServer:
            server = BareServer(tmp_path, http)
            stack.callback(server.stop)
            return server

        yield begin


def has_ended(server: Server) -> bool:
    return not server.is_running


async def test_a_bare_server_knows_its_rooms_and_members_after_a_kill(
    start: Callable[..., BareServer], tmp_path: Path
) -> None:
    first = start()
    first.wait_ready()
    async with members_at(first.url, "ann", "bob") as (ann, bob):
        await ann.create("desk")
        await bob.join("desk")
        before = await ann.ask(msg.PusherHeartbeat("desk", "ann"))

        first.kill()
        second = start(first.url.removeprefix("http://"))
        second.wait_ready()

        assert await ann.ask(msg.PusherHeartbeat("desk", "ann")) == before
        room = await bob.ask(msg.GetPushers("desk"))
        assert [one.user_id for one in room.members] == ["ann", "bob"]
    kept = tmp_path / ".local" / "state" / "kiosk"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert stat.S_IMODE((kept / "rooms.db").stat().st_mode) == 0o600
    assert f"rooms_kept_in='{kept / 'rooms.db'}'" in second.log


def test_a_second_bare_server_says_that_another_has_the_rooms(
    start: Callable[..., BareServer],
) -> None:
    start().wait_ready()

    second = start()
    wait_until(partial(has_ended, second), "the second one ends")

    assert second.stop() == os.EX_UNAVAILABLE
    assert second.printed == ""
    (line,) = [line for line in second.log.splitlines() if "not started" in line]
    assert "database is locked; another server has it: give each its own" in line


def test_a_home_that_takes_nothing_is_named_with_the_cure(
    start: Callable[..., BareServer], tmp_path: Path
) -> None:
    (tmp_path / ".local").write_text("a file where a directory should be")

    server = start()
    wait_until(partial(has_ended, server), "the server ends")

    assert server.stop() == os.EX_UNAVAILABLE
    (line,) = server.log.splitlines()
    assert f"store {tmp_path}/.local/state/kiosk: Not a directory" in line
    assert 'name another file in [store] path, or "off" to keep nothing' in line
