"""
Who may do what at the room server: every route x role x one's own or another's name.

Rows S01 to S04 of the reliability programme.  The routes come from the server's own
table; a route that has no line here is a mistake that the tests name.  ``python -m
tests.roomserver.authorisation`` writes the number of cells into ``reliability.json``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from kiosk.room import messages as msg
from kiosk.room.room_types import RoomType
from kiosk.roomserver.asking import CloudCall, Hold, Page
from kiosk.roomserver.mixing import MixingAccount
from kiosk.roomserver.rooms import CreatorLeaves
from kiosk.roomserver.settings import ServerSettings
from tests.bench import forgeries
from tests.fakes.room_core import LOOPBACK, FakeCore, Json
from tests.reliability.results import write


FAR = "192.0.2.7"
TYPES = [room_type.value for room_type in RoomType]
OK, ABSENT, REFUSED, NO_ROOM, NO_MEMBER, AUTH, TAKEN = 0, -404, 1, 3, 5, 7, 11

GUARDED: Mapping[str, tuple[int, int, int]] = {
    # what a room's creator is told, another member, and who is logged in and elsewhere
    "get_push_url": (OK, OK, OK),
    "create_room": (TAKEN, TAKEN, TAKEN),
    "add_pusher": (OK, OK, OK),
    "delete_pusher": (OK, OK, NO_MEMBER),
    "destroy_room": (OK, NO_ROOM, NO_ROOM),
    "pusher_heartbeat": (OK, OK, NO_MEMBER),
    "get_pushers": (OK, OK, OK),
    "get_room_list": (OK, OK, OK),
    "wait_events": (OK, OK, NO_MEMBER),
    "send_room_text_msg": (OK, OK, NO_MEMBER),
    "queue_seat": (OK, OK, OK),
    "leave_queue": (OK, OK, OK),
    "put_still": (OK, OK, NO_MEMBER),
    "get_still": (REFUSED, REFUSED, NO_MEMBER),
}
LIVE: Mapping[str, tuple[int, int, int]] = {
    "merge_stream": (REFUSED, NO_ROOM, NO_ROOM),
    "get_custom_info": (OK, OK, OK),
    "set_custom_field": (OK, OK, OK),
    "add_audience": (OK, OK, OK),
    "delete_audience": (OK, OK, OK),
    "get_audiences": (OK, OK, OK),
}
NAMES_NOBODY = frozenset(
    {
        "get_pushers",
        "get_room_list",
        "get_custom_info",
        "set_custom_field",
        "get_audiences",
    }
)
"""Their bodies name no user: whoever asks is whom his token names."""
OPEN: Mapping[tuple[str, str], tuple[int, int]] = {
    # without any proof: from the network that is trusted, and from elsewhere
    ("GET", "get_login_info"): (OK, AUTH),
    ("POST", "get_login_info"): (OK, AUTH),
    ("GET", "get_test_pushurl"): (OK, AUTH),
    ("GET", "get_test_rtmpaccurl"): (OK, AUTH),
    ("GET", "check_config"): (OK, AUTH),
    ("GET", "logfilelist"): (ABSENT, ABSENT),
    ("GET", "getlogfile"): (ABSENT, ABSENT),
    ("POST", "login"): (OK, AUTH),
    ("POST", "logout"): (AUTH, AUTH),
    ("POST", "get_im_login_info"): (OK, AUTH),
}
ROLES = ("creator", "member", "stranger")
USER = {"creator": "host", "member": "guest", "stranger": "passer"}
_ACCOUNT = MixingAccount(1251234567, "fedcba9876543210fedcba9876543210")
PROOFS = ("none", "another's token", "no token, near", "no token, far", "empty token")


@dataclass(frozen=True, slots=True)
class Cell:
    """
    One thing somebody tries.

    Attributes:
        method: Of an open route; empty for one that wants a login.
        role: What the asker is in the room.
        named: Whose name is in the body: ``own`` or ``other``.
        proof: What is wrong with the login; ``none`` where nothing is.

    """

    folder: str
    route: str
    role: str
    named: str = "own"
    proof: str = "none"
    method: str = ""

    @property
    def expected(self) -> int:
        """The code that is right."""
        if self.method:
            return OPEN[self.method, self.route][0 if self.proof == "near" else 1]
        told = {**GUARDED, **LIVE}[self.route][ROLES.index(self.role)]
        is_other = self.named == "other" and self.route not in NAMES_NOBODY
        return AUTH if is_other or self.proof != "none" else told


def routes_that_need_a_login() -> Iterator[tuple[str, str]]:
    """Yield type and name of each, from the server's table."""
    routes = FakeCore().routes
    for folder in TYPES:
        yield from ((folder, route) for route in routes._guarded)
    yield from ((RoomType.LIVE.value, route) for route in routes._live)


def cells() -> Iterator[Cell]:
    """Yield the whole matrix."""
    for folder, route in routes_that_need_a_login():
        for role in ROLES:
            for named in ("own", "other"):
                yield Cell(folder, route, role, named)
            for proof in PROOFS[1:]:
                yield Cell(folder, route, role, proof=proof)
    for method, folder, route in FakeCore().routes._open:
        for proof in ("near", "far"):
            yield Cell(folder, route, "nobody", proof=proof, method=method)


def code_told(cell: Cell) -> int:
    """Try it at a server with a room of a creator and a member; return the code."""
    core = _desk(cell.folder)
    if cell.method:
        return _code(_open(core, cell))
    user = USER[cell.role]
    other = "guest" if user == "host" else "host"
    named = user if cell.named == "own" else other
    query = {
        "none": {"userID": user, "token": core.tokens[user]},
        "another's token": {"userID": user, "token": core.tokens[other]},
        "no token, near": {},
        "no token, far": {},
        "empty token": {"userID": user, "token": ""},
    }[cell.proof]
    before = _members(core, cell.folder)
    answer = core.ask_anything(
        cell.route,
        _body(core, user, named),
        query=query,
        folder=cell.folder,
        address=FAR if "far" in cell.proof else LOOPBACK,
    )
    code = _code(answer)
    if code != OK:
        assert _members(core, cell.folder) == before, (
            f"refused, and yet changed: {cell}"
        )
    return code


def _desk(folder: str) -> FakeCore:
    settings = ServerSettings(
        capacity=4, creator_leaves=CreatorLeaves.STAY, mixing=_ACCOUNT
    )
    core = FakeCore(settings)
    for user in USER.values():
        core.log_in(user)
    url = core.push_url("host")
    made = msg.CreateRoom("host", "Desk", "desk", "Host", "1", url).to_wire()
    folder = folder if folder in TYPES else TYPES[0]
    assert core.ask("create_room", made, user="host", folder=folder)["code"] == OK
    join = msg.AddPusher("desk", "guest", "Guest", core.push_url("guest")).to_wire()
    assert core.ask("add_pusher", join, user="guest", folder=folder)["code"] == OK
    return core


def _members(core: FakeCore, folder: str) -> object:
    wire = msg.GetPushers("desk").to_wire()
    answer = core.ask("get_pushers", wire, user="host", folder=folder)
    members = cast("list[Json]", answer.get("pushers", []))
    return [member["userID"] for member in members]


def _open(core: FakeCore, cell: Cell) -> object:
    return core.ask_anything(
        cell.route,
        {"userIDPrefix": "kiosk", "userID": "new"},
        query={"userID": "new"},
        method=cell.method,
        folder=cell.folder,
        address=LOOPBACK if cell.proof == "near" else FAR,
    )


def _body(core: FakeCore, user: str, named: str) -> Json:
    """Return a body with every field any route wants."""
    return {
        "roomID": "desk",
        "userID": named,
        "userName": "Name",
        "userAvatar": "1",
        "userInfo": "",
        "pushURL": core.push_url(user),
        "roomInfo": "Desk",
        "cnt": 1,
        "index": 0,
        "afterSeq": 0,
        "holdS": 0,
        "text": "hello",
        "fieldName": "likes",
        "operation": "inc",
        "mergeParams": {"interface": {}},
        "targets": ["desk"],
        "position": 0,
        "senderID": "host",
        "size": 3,
        "offset": 0,
        "data": "/9j/",
    }


def _code(answer: object) -> int:
    if isinstance(answer, Hold | CloudCall):
        return OK
    if isinstance(answer, Page):
        return answer.status
    assert isinstance(answer, dict), answer
    if answer == {"code": 0, "data": {}}:
        return ABSENT
    if "code" not in answer:  # the originals tell test URLs without one
        return OK
    return int(cast("dict[str, int]", answer)["code"])


def main() -> int:
    """Judge every cell, try a million signatures, and write down what was right."""
    whole = list(cells())
    wrong = [cell for cell in whole if code_told(cell) != cell.expected]
    for cell in wrong:
        print(cell, code_told(cell))  # noqa: T201 -- its result
    forged = forgeries.run(full=True).bars[0].value
    figures = {
        "cells": len(whole),
        "right": len(whole) - len(wrong),
        "random_signatures": forgeries.TRIES_FULL,
        "let_in": forged,
    }
    print(figures)  # noqa: T201
    write("authorisation", figures)
    return 1 if wrong or forged else 0


if __name__ == "__main__":
    sys.exit(main())
