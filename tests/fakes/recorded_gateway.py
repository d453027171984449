"""An IM gateway on a real port that answers as the recorded one did."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from kiosk.roomserver.asgi_side import AsgiSide
from kiosk.roomserver.http_server import listen, serving


COMMANDS: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "wire" / "rtcroom_im_session.json").read_text("utf-8")
)["commands"]
POLL = "/v1/group_open_long_polling_http_noauth_svc/get_msg"


@dataclass
class Asked:
    """One command as it arrived."""

    path: str
    query: dict[str, str]
    body: dict[str, Any]


@dataclass
class RecordedGateway:
    """Answers from the recording; a poll is held until something is told."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    _told: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    _next_seq: int = 0

    def of(self, path: str) -> list[Asked]:
        """Return what was asked of one path."""
        return [one for one in self.asked if one.path == path]

    def tell(self, **message: object) -> None:
        """Tell the group something; the rest of a message is as the cloud's."""
        self._next_seq += 1
        around = {"MsgSeq": self._next_seq, "MsgTimeStamp": 1, "MsgRandom": 7}
        told = {"IsPlaceMsg": 0, "GroupInfo": {}, **around, **message}
        self._told.put_nowait(told)

    async def answer(self, request: Request) -> JSONResponse:
        body = await request.json()
        self.asked.append(Asked(request.url.path, dict(request.query_params), body))
        if request.url.path != POLL:
            return JSONResponse(COMMANDS[request.url.path]["answer"])
        message = await self._told.get()
        ok = {"ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": ""}
        place = {"NextSeq": self._next_seq, "HoldTime": 90, "Key": body["Key"]}
        return JSONResponse({**ok, **place, "RspMsgList": [message]})


@asynccontextmanager
async def recorded_gateway() -> AsyncGenerator[RecordedGateway]:
    gateway = RecordedGateway()
    routes = [
        Route(path, gateway.answer, methods=["POST"]) for path in (*COMMANDS, POLL)
    ]
    with listen("gateway", "127.0.0.1", 0) as listener:
        gateway.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with serving(AsgiSide(Starlette(routes=routes)), listener):
            yield gateway
