"""
What both original servers answered, asked again of ours.

Every exchange recorded for ``double_room`` is sent over HTTP (ids, tokens and
push URLs exchanged for those ours gave out); code and fields must be the same.
The exceptions are the rows of ``kiosk/roomserver/README.md``, named here by
their id; each has its own tests beside this file.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Self, cast

import httpx
import pytest

from kiosk.room.stream_url import stream_of
from kiosk.roomserver.http import build_app
from kiosk.roomserver.long_polls import LongPolls
from kiosk.roomserver.rooms import CreatorLeaves
from kiosk.roomserver.settings import ServerSettings
from tests.fakes.room_desk import FakeDesk, Json


RECORDED = json.loads(
    (Path(__file__).parents[1] / "wire" / "rtcroom_double_room.json").read_text("utf-8")
)
README = (Path(__file__).parents[2] / "kiosk" / "roomserver" / "README.md").read_text(
    "utf-8"
)

V1_DIFFERENCES = {"add_pusher to an unknown room": ("D1", 3)}
V2_DIFFERENCES = {
    "add_pusher to an unknown room": ("D1", 3),
    "add_pusher over capacity": ("D2", 7),
    "add_pusher, pushURL without a query string": ("D2", 7),
    "heartbeat not member": ("D2", 7),
    "delete_pusher not member": ("D2", 7),
    "logout": ("D6", 0),
    "token still valid after that": ("D6", 7),
}
NEEDS_A_FRESH_URL = re.compile(
    "create_room again|paging|first pusher becomes|create_room while IM"
)
"""Where the originals let a push URL be used again or by others: row D3."""


class Replay:
    """Sends recorded requests and remembers what stands for which recorded value."""

    def __init__(self, settings: ServerSettings) -> None:
        self.desk = FakeDesk(settings)
        app = build_app(self.desk.routes, LongPolls())
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://server"
        )
        self._ours: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._client.aclose()

    async def exchange(self, recorded: Json) -> tuple[int, Json]:
        request = cast("Json", recorded["request"])
        path, headers = str(request["path"]), cast("dict[str, str]", request["headers"])
        if NEEDS_A_FRESH_URL.match(str(recorded["case"])):
            await self._fetch_fresh_url(path, cast("Json", request["json"]))
        content = request.get("raw")
        if "json" in request:
            content = json.dumps(request["json"], ensure_ascii=False)
        response = await self._client.request(
            str(request["method"]),
            self._exchanged(self._with_signature(path)),
            headers=headers,
            content=self._exchanged(str(content)) if content is not None else None,
        )
        answer = cast("Json", response.json())
        self._learn(cast("Json", cast("Json", recorded["response"])["json"]), answer)
        return response.status_code, answer

    def _exchanged(self, text: str) -> str:
        if "x * 1025" in text:
            text = text.replace("x * 1025", "x" * 1025)
        for recorded in sorted(self._ours, key=len, reverse=True):
            text = text.replace(recorded, self._ours[recorded])
        return text

    def _learn(self, recorded: Json, ours: Json) -> None:
        for name in ("userID", "roomID", "pushURL", "token"):
            if isinstance(recorded.get(name), str) and isinstance(ours.get(name), str):
                self._ours[str(recorded[name])] = str(ours[name])
                if name == "token":  # also in its escaped form
                    self._ours[str(recorded[name]).replace("=", "%3D")] = str(
                        ours[name]
                    )

    def _with_signature(self, path: str) -> str:
        if "<userSig" not in path:
            return path
        owner = re.findall(r"userSig of (\w+)|userID=(\w+)", path)[-1]
        account = self.desk.ask(
            "get_login_info",
            query={"userID": "".join(owner)},
            method="GET",
            folder="utils",
        )
        signed = re.sub(r"<[^>]*>", str(account["userSig"]), path)
        return signed.replace("=..&accountType=..", "=1400012345&accountType=12345")

    async def _fetch_fresh_url(self, path: str, body: Json) -> None:
        if "pushURL" not in body:
            return
        query = path.partition("?")[2]
        response = await self._client.post(
            self._exchanged(f"/weapp/double_room/get_push_url?{query}"),
            json={"userID": self._exchanged(str(body["userID"]))},
        )
        self._ours[str(body["pushURL"])] = response.json()["pushURL"]


def same_fields(recorded: object, ours: object, at: str = "answer") -> None:
    """Assert that ours has all recorded fields, of the same kinds, and lists as long."""
    assert type(ours) is type(recorded), at
    if isinstance(recorded, dict):
        assert isinstance(ours, dict)
        assert set(recorded) <= set(ours), at
        for name, value in recorded.items():
            same_fields(value, ours[name], f"{at}.{name}")
    if isinstance(recorded, list):
        assert isinstance(ours, list)
        assert len(ours) == len(recorded), at
        for index, (one, other) in enumerate(zip(recorded, ours, strict=True)):
            same_fields(one, other, f"{at}[{index}]")


async def replay(
    section: str, settings: ServerSettings, differences: dict[str, tuple[str, int]]
) -> None:
    async with Replay(settings) as server:
        for recorded in RECORDED[section]:
            case, expected = recorded["case"], recorded["response"]["json"]
            status, ours = await server.exchange(recorded)
            assert status == recorded["response"]["status"], case
            if case in differences:
                assert ours["code"] == differences[case][1], case
                continue
            assert ours["code"] == expected["code"], (case, ours)
            same_fields(expected, ours, case)
            if "message" in expected:
                assert ours["message"] == expected["message"], case


async def test_everything_recorded_of_the_v1_original_is_answered_alike() -> None:
    settings = ServerSettings(bizid="8888", sdk_app_id=1400012345, account_type="12345")
    await replay("v1/double_room", settings, V1_DIFFERENCES)


async def test_everything_recorded_of_the_v2_original_is_answered_alike() -> None:
    settings = ServerSettings(
        bizid="8888",
        sdk_app_id=1400012345,
        account_type="12345",
        creator_leaves=CreatorLeaves.STAY,
        compat_networks=(),
    )
    await replay("v2/double_room", settings, V2_DIFFERENCES)


@pytest.mark.parametrize(
    "row",
    sorted({row for row, _ in (*V1_DIFFERENCES.values(), *V2_DIFFERENCES.values())}),
)
def test_every_difference_is_a_row_of_the_readme(row: str) -> None:
    assert f"| {row} |" in README


def test_every_row_of_the_readme_cites_its_source_and_names_a_test() -> None:
    rows = [line for line in README.splitlines() if re.match(r"\| D\d+ \|", line)]
    tests = "".join(
        path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py")
    )

    assert rows
    for row in rows:
        assert re.search(r"10\.4|S\d\d|P\d", row), row
        names = re.findall(r"`(test_\w+)`", row)
        assert names, row
        assert all(f"def {name}(" in tests for name in names), row


def test_the_stream_of_a_recorded_url_is_found() -> None:
    url = RECORDED["v1/double_room"][9]["response"]["json"]["pushURL"]

    assert stream_of(url) == "8888_user_1795222427796_3"
