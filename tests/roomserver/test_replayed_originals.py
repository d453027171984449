"""
What both original servers answered, asked again of ours.

Every recorded exchange is sent over HTTP (ids, tokens and push URLs exchanged
for those ours gave out); code and fields must be the same.  The exceptions are
the rows of ``kiosk/roomserver/README.md``, named here by their id; each has its
own tests beside this file.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import cast

import httpx
import pytest

from kiosk.room.stream_url import stream_of
from kiosk.roomserver.asking import CloudCall
from kiosk.roomserver.http import Door
from kiosk.roomserver.long_polls import LongPolls
from kiosk.roomserver.mixing import MixingAccount
from kiosk.roomserver.networks import LOOPBACK
from kiosk.roomserver.rooms import CreatorLeaves
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.http_in_memory import HttpInMemory
from tests.fakes.replay import Json, Replay, recorded, same_fields
from tests.fakes.room_core import FakeCore


RECORDED = recorded("rtcroom_double_room.json") | recorded("rtcroom_other_routes.json")
README = (Path(__file__).parents[2] / "kiosk" / "roomserver" / "README.md").read_text(
    "utf-8"
)
V1 = ServerSettings(
    bizid="8888",
    sdk_app_id=1400012345,
    account_type="12345",
    mixing=MixingAccount(1251234567, "fedcba9876543210fedcba9876543210"),
)
V2 = replace(
    V1,
    creator_leaves=CreatorLeaves.STAY,
    compat_networks=(),
    trusted_networks=LOOPBACK,
)
DIFFERENCES: dict[str, dict[str, tuple[str, int]]] = {
    "v1/double_room": {"add_pusher to an unknown room": ("D1", 3)},
    "v2/double_room": {
        "add_pusher to an unknown room": ("D1", 3),
        "add_pusher over capacity": ("D2", 7),
        "add_pusher, pushURL without a query string": ("D2", 7),
        "heartbeat not member": ("D2", 7),
        "delete_pusher not member": ("D2", 7),
        "logout": ("D6", 0),
        "token still valid after that": ("D6", 7),
    },
    "v2/live_room": {
        "set_custom_field inc": ("D15", 0),
        "set_custom_field dec": ("D15", 0),
        "set_custom_field set": ("D15", 0),
        "add_audience to an unknown room": ("D15", 3),
    },
    "v1/utils": {
        "get_login_info (v1 is POST, signs for the CDN API)": ("D17", 0),
        "get_login_info missing": ("D17", 0),
    },
}


async def mixes(_call: CloudCall) -> bytes:
    """Answer as the cloud did in the recording."""
    return b'{"code":0,"message":"Success!","timestamp":1500000000}'


async def replay(section: str, settings: ServerSettings) -> None:
    core = FakeCore(settings)
    differences = DIFFERENCES.get(section, {})

    async def sign(user: str) -> str:
        account = core.ask(
            "get_login_info", query={"userID": user}, method="GET", folder="utils"
        )
        return str(account["userSig"])

    app = Door(core.routes, LongPolls(), mixes)
    async with httpx.AsyncClient(
        transport=HttpInMemory(app), base_url="http://server"
    ) as client:
        server = Replay(client, sign)
        for one in RECORDED[section]:
            case, response = str(one["case"]), cast("Json", one["response"])
            expected = cast("Json", response["json"])
            status, ours = await server.exchange(one)
            assert status == response["status"], case
            if case in differences:
                assert ours["code"] == differences[case][1], case
                continue
            assert ours["code"] == expected.get("code", 0), (case, ours)
            same_fields(expected, ours, case)
            if "message" in expected:
                assert ours["message"] == expected["message"], case


@pytest.mark.parametrize("section", [one for one in RECORDED if one.startswith("v1")])
async def test_everything_recorded_of_the_v1_original_is_answered_alike(
    section: str,
) -> None:
    await replay(section, V1)


@pytest.mark.parametrize("section", [one for one in RECORDED if one.startswith("v2")])
async def test_everything_recorded_of_the_v2_original_is_answered_alike(
    section: str,
) -> None:
    await replay(section, V2 if section != "v2/utils" else V1)


def test_every_type_and_both_generations_were_recorded() -> None:
    folders = {"double_room", "multi_room", "live_room", "utils"}

    assert set(RECORDED) == {f"v{n}/{one}" for n in (1, 2) for one in folders}


@pytest.mark.parametrize(
    "row", sorted({row for cases in DIFFERENCES.values() for row, _ in cases.values()})
)
def test_every_difference_is_a_row_of_the_readme(row: str) -> None:
    assert f"| {row} |" in README


def test_every_row_of_the_readme_cites_its_source_and_names_a_test() -> None:
    rows = [line for line in README.splitlines() if re.match(r"\| D\d+ \|", line)]
    tests = "".join(
        path.read_text("utf-8") for path in Path(__file__).parent.rglob("test_*.py")
    )

    assert 0 < len(rows) <= 20
    for row in rows:
        assert re.search(r"10\.4|S\d\d|P\d", row), row
        names = re.findall(r"`(test_\w+)`", row)
        assert names, row
        assert all(f"def {name}(" in tests for name in names), row


def test_the_stream_of_a_recorded_url_is_found() -> None:
    response = cast("Json", RECORDED["v1/double_room"][9]["response"])
    url = cast("Json", response["json"])["pushURL"]

    assert stream_of(str(url)) == "8888_user_1795222427796_3"
