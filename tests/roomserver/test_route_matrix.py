"""
Who may ask what: every route of every type, from the table of routes.

Rows S01 to S04 of the reliability programme; the matrix itself is
:mod:`tests.roomserver.authorisation`.
"""

from __future__ import annotations

import pytest

from kiosk.room import messages as msg
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.room_core import FakeCore, Json
from tests.roomserver.authorisation import (
    GUARDED,
    LIVE,
    NAMES_NOBODY,
    OPEN,
    TYPES,
    Cell,
    cells,
    code_told,
    routes_that_need_a_login,
)


WHOLE = list(cells())
GUARDED_ROUTES = pytest.mark.parametrize(
    ("folder", "route"), list(routes_that_need_a_login())
)


def wrong(some: list[Cell]) -> list[tuple[Cell, int]]:
    """Return the cells that were judged otherwise than expected, with the code."""
    assert some
    told = [(cell, code_told(cell)) for cell in some]
    return [(cell, code) for cell, code in told if code != cell.expected]


def of(folder: str, route: str) -> list[Cell]:
    return [cell for cell in WHOLE if (cell.folder, cell.route) == (folder, route)]


def test_a_route_that_is_new_has_to_be_in_the_matrix() -> None:
    routes = FakeCore().routes

    assert GUARDED.keys() == routes._guarded.keys()
    assert LIVE.keys() == routes._live.keys()
    assert OPEN.keys() == {(method, route) for method, _, route in routes._open}
    assert GUARDED.keys() | LIVE.keys() > NAMES_NOBODY
    in_matrix = {(cell.folder, cell.route) for cell in WHOLE if not cell.method}
    assert in_matrix == set(routes_that_need_a_login())
    assert len(WHOLE) == len(set(WHOLE)) > 800


@GUARDED_ROUTES
def test_each_role_is_told_what_it_may(folder: str, route: str) -> None:
    own = [cell for cell in of(folder, route) if cell.named == "own"]

    assert not wrong([cell for cell in own if cell.proof == "none"])


@GUARDED_ROUTES
def test_no_route_acts_for_another_user(folder: str, route: str) -> None:
    others = [cell for cell in of(folder, route) if cell.named == "other"]

    assert not wrong(others)


@GUARDED_ROUTES
def test_no_route_believes_anothers_token(folder: str, route: str) -> None:
    stolen = [cell for cell in of(folder, route) if cell.proof == "another's token"]

    assert not wrong(stolen)


@GUARDED_ROUTES
def test_no_route_answers_a_stranger_without_a_token(folder: str, route: str) -> None:
    nobody = [cell for cell in of(folder, route) if "token" in cell.proof]

    assert not wrong([cell for cell in nobody if "another" not in cell.proof])


def test_what_is_open_is_open_to_the_trusted_network_alone() -> None:
    assert not wrong([cell for cell in WHOLE if cell.method])


def desk_with(folder: str) -> FakeCore:
    """Return a desk with a room of the host's, and a guest outside it."""
    core = FakeCore(ServerSettings())
    for user in ("host", "guest"):
        core.log_in(user)
    wire = msg.CreateRoom("host", "Desk", "desk", "Host", "1", core.push_url("host"))
    answer = core.ask("create_room", wire.to_wire(), user="host", folder=folder)
    assert answer["code"] == 0
    return core


@pytest.mark.parametrize("folder", TYPES)
def test_only_the_creator_ends_a_room(folder: str) -> None:
    core = desk_with(folder)
    wire = msg.DestroyRoom("desk", "guest").to_wire()

    assert core.ask("destroy_room", wire, user="guest", folder=folder)["code"] == 3
    wire = msg.DestroyRoom("desk", "host").to_wire()
    assert core.ask("destroy_room", wire, user="host", folder=folder)["code"] == 0


@pytest.mark.parametrize("folder", TYPES)
@pytest.mark.parametrize("route", ["get_pushers", "get_room_list"])
def test_nobody_outside_is_shown_play_urls(folder: str, route: str) -> None:
    core = desk_with(folder)
    body: Json = {"roomID": "desk", "cnt": 9, "index": 0}

    seen = core.ask(route, body, user="guest", folder=folder)
    own = core.ask(route, body, user="host", folder=folder)

    assert "txSecret" not in str(seen)
    assert "txSecret" in str(own)
