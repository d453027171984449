"""A page in somebody's browser, within the networks that may speak v1 (S15)."""

from __future__ import annotations

import httpx
import pytest

from tests.fakes.room_server import members_of, running_server


ROOM = "/weapp/double_room"
ORIGINS = ["https://evil.example", "http://127.0.0.1:8080", "null"]


@pytest.mark.parametrize("origin", ORIGINS)
async def test_a_page_in_a_browser_is_nobody_without_a_token(origin: str) -> None:
    form = {"userID": "kiosk", "roomID": "desk", "cnt": "1", "index": "0"}
    page = {"Origin": origin, "Content-Type": "application/x-www-form-urlencoded"}
    async with (
        running_server() as (at, _),
        members_of(at, "agent") as (agent,),
        httpx.AsyncClient(base_url=at.http_url) as browser,
    ):
        await agent.create()
        codes = [
            (await browser.post(path, data=form, headers=page)).json()["code"]
            for path in (
                f"{ROOM}/get_push_url",
                f"{ROOM}/get_room_list",
                f"{ROOM}/login?userID=kiosk",
                f"{ROOM}/delete_pusher",
                "/weapp/utils/get_login_info?userID=kiosk",
            )
        ]
        same = await browser.post(f"{ROOM}/get_push_url", data=form)
        room = await browser.post(
            f"{ROOM}/get_pushers",
            params=agent._query,
            data=form,
            headers={"ORIGIN": origin},
        )

    assert codes == [7] * 5
    assert same.json()["code"] == 0
    assert room.json()["code"] == 0
    assert not [one for one in room.headers if one.startswith("access-control")]
