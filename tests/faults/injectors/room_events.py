"""
Faults of the room service's doings: who is in a room, whose login counts, who is there.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx

from kiosk.errors import LoginRefused, NotAMember
from kiosk.room import messages as msg
from tests.fakes.branch import ask, room_members, wait_until
from tests.faults.catalogue import Params
from tests.faults.injecting import injector
from tests.faults.stage import Stage


_EXPIRES_S: Final = 40.0
_CALLED_S: Final = 20.0
_IN_USE: Final = "this identity is in use by another machine"
_THIRD: Final = "third-party"

T = TypeVar("T")


@injector("R09", "R10")
@contextmanager
def forgets_everything(stage: Stage, params: Params) -> Iterator[None]:
    """The server is killed and comes back after two seconds, with an empty memory."""
    stage.server.kill()
    shutil.rmtree(stage.server.kept)
    Path(stage.server.kept).mkdir()
    time.sleep(2.0)
    stage.restart_server()
    yield


@injector("R11")
@contextmanager
def is_away(stage: Stage, params: Params) -> Iterator[None]:
    """The room service says nothing for long; the relay goes on."""
    stage.rooms.stall()
    yield
    assert stage.status()["state"] == "IN_CALL", "the call did not go on"
    stage.rooms.flow()


@injector("R12")
@contextmanager
def disbands(stage: Stage, params: Params) -> Iterator[None]:
    """The agent disbands its room; it opens another one by itself."""
    agent = str(stage.agent.status()["user_id"])
    request = msg.DestroyRoom(_agents_room(stage), agent)

    def is_done() -> bool:
        # The agent, whose login ours ends, may log in anew before ours has asked.
        try:
            ask_as(stage, log_in(stage, agent), request)
        except LoginRefused:
            return False
        return True

    wait_until(is_done, "disbanded", _EXPIRES_S)
    yield


@injector("R13")
@contextmanager
def removes_us(stage: Stage, params: Params) -> Iterator[None]:
    """No heartbeat of ours arrives until the server has removed us."""
    us = str(stage.status()["user_id"])
    stage.rooms_tap.lose("pusher_heartbeat")
    wait_until(lambda: us not in room_members(stage.server.url), "gone", _EXPIRES_S)
    yield
    stage.rooms_tap.lose()


@injector("R15")
@contextmanager
def revokes_our_token(stage: Stage, params: Params) -> Iterator[None]:
    """Somebody logs in as us: our token is worth nothing any more."""
    log_in(stage, str(stage.status()["user_id"]))
    yield


@injector("R16")
@contextmanager
def is_cloned(stage: Stage, params: Params) -> Iterator[None]:
    """A second kiosk has our identity and wants to serve: it is told that it may not."""
    room = {"user_id": str(stage.status()["user_id"])}
    twin = stage.branch.start_kiosk("twin", room=room)

    def is_told(now: Mapping[str, Any]) -> bool:
        is_out = now["screen"] == "out_of_service"
        return is_out and _IN_USE in str(now["reason"])

    twin.wait_until(is_told, _IN_USE, _EXPIRES_S)
    yield
    twin.stop(_CALLED_S)
    shutil.rmtree(stage.folder / "twin.run")
    seen = {one.state for one in stage.supervision.record.samples if one.status}
    assert seen == {"IDLE"}, f"the first one was {sorted(seen)}"


@injector("R17")
@contextmanager
def has_somebody_faster(stage: Stage, params: Params) -> Iterator[None]:
    """A third party takes the last seat before we do."""
    room_id = _agents_room(stage)
    third = log_in(stage, _THIRD)
    push_url = ask_as(stage, third, msg.GetPushUrl(_THIRD, room_id)).push_url
    ask_as(stage, third, msg.AddPusher(room_id, _THIRD, _THIRD, push_url))
    yield
    with suppress(NotAMember):  # silent for so long that it was removed
        ask_as(stage, third, msg.DeletePusher(room_id, _THIRD))


@injector("R23")
@contextmanager
def answers_never(stage: Stage, params: Params) -> Iterator[None]:
    """No agent comes; the customer is told so."""
    wait_until(lambda: stage.screen() == "no_answer", "no_answer", _CALLED_S)
    yield


@injector("R24")
@contextmanager
def hangs_up_with_us(stage: Stage, params: Params) -> Iterator[None]:
    """Both hang up in the same instant, twice, and somebody calls while we leave."""
    for _ in range(2):
        for party in (stage.kiosk, stage.agent):
            party.press("hangup")
    stage.kiosk.press("call")
    stage.kiosk.press("hangup")
    stage.kiosk.press("hangup")
    yield
    screens = [one.screen for one in stage.supervision.record.samples]
    spells = sum(now == "ended" != before for before, now in pairwise(screens))
    assert spells <= 1, f"ended was shown {spells} times"


def _agents_room(stage: Stage) -> str:
    agent = str(stage.agent.status()["user_id"])
    listed = ask(stage.server.url, "get_room_list", {"cnt": 20, "index": 0})["rooms"]
    rooms = {
        one["userID"]: room["roomID"] for room in listed for one in room["pushers"]
    }
    return str(rooms[agent])


def log_in(stage: Stage, user_id: str) -> msg.Credentials:
    """Log in as somebody, as the second generation does; return the token."""
    asked = msg.GetLoginInfo(user_id)
    account = _asked(stage, asked, {})
    login = msg.Login(
        sdk_app_id=str(account.sdk_app_id),
        account_type=account.account_type,
        user_id=account.user_id,
        user_sig=account.user_sig,
    )
    token = _asked(stage, login, {}).token
    return msg.Credentials(account.user_id, token)


def ask_as(stage: Stage, who: msg.Credentials, request: msg.Request[T]) -> T:
    """Ask something as somebody who is logged in; another login of theirs is over."""
    return _asked(stage, request, who.to_query())


def _asked(stage: Stage, request: msg.Request[T], query: dict[str, str]) -> T:
    wire = request.to_wire()
    if request.IN_QUERY:
        query = {**query, **{name: str(value) for name, value in wire.items()}}
    answer = httpx.request(
        request.METHOD,
        stage.server.url + msg.path_of(request),
        params=query,
        json=None if request.IN_QUERY else wire,
        trust_env=False,
    )
    return msg.read_answer(request, answer.content)
