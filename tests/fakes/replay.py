"""
Sends recorded requests again, to our server or to the originals themselves.

Ids, tokens, push URLs and stream names of the recording are exchanged for those
the server at hand gave out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import httpx

from kiosk.room.stream_url import stream_of


WIRE = Path(__file__).parents[1] / "wire"
Json = dict[str, object]
NEEDS_A_FRESH_URL = re.compile(
    "create_room again|paging|first pusher becomes|create_room while IM"
)
"""Where the originals let a push URL be used again or by others: row D3."""


def recorded(name: str) -> dict[str, list[Json]]:
    """Return the sections of a recording, each a list of exchanges."""
    sections = json.loads((WIRE / name).read_text("utf-8"))
    return {key: value for key, value in sections.items() if "/" in key}


class Replay:
    """
    Sends recorded requests and remembers what stands for which recorded value.

    Args:
        client: Asks the server.
        sign: Returns the userSig of a user.
        fresh_urls: Fetch a push URL where the recording used one twice.

    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        sign: Callable[[str], Awaitable[str]],
        *,
        fresh_urls: bool = True,
    ) -> None:
        self._client = client
        self._sign = sign
        self._fresh_urls = fresh_urls
        self._ours: dict[str, str] = {}

    async def exchange(self, recorded: Json) -> tuple[int, Json]:
        request = cast("Json", recorded["request"])
        path, headers = str(request["path"]), cast("dict[str, str]", request["headers"])
        again = NEEDS_A_FRESH_URL.match(str(recorded["case"]))
        if again and self._fresh_urls:
            await self._fetch_fresh_url(path, cast("Json", request["json"]))
        content = request.get("raw")
        if "json" in request:
            content = json.dumps(request["json"], ensure_ascii=False)
        response = await self._client.request(
            str(request["method"]),
            self._exchanged(await self._with_signature(path)),
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
                if name == "pushURL":
                    self._ours[stream_of(str(recorded[name]))] = stream_of(
                        str(ours[name])
                    )
                if name == "token":  # also in its escaped form
                    self._ours[str(recorded[name]).replace("=", "%3D")] = str(
                        ours[name]
                    )

    async def _with_signature(self, path: str) -> str:
        if "<userSig" not in path:
            return path
        owner = re.findall(r"userSig of (\w+)|userID=(\w+)", path)[-1]
        signed = re.sub(r"<[^>]*>", await self._sign("".join(owner)), path)
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
