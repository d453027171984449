"""
The peer of the room service: the same routes, empty, in starlette under uvicorn.

``python -m tests.bench.bare_members``: heartbeats are answered, polls are held until
somebody says something in their room.  No identity, no rooms, no limits, no store:
what is left is what the libraries cost.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections import defaultdict

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.bench.crowd import ROOMS
from tests.bench.pinned import take_descriptors


_BACKLOG = 1024


class Rooms:
    """Who waits where, and what was said last."""

    def __init__(self) -> None:
        self._bells: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._said: dict[str, list[dict[str, object]]] = defaultdict(list)

    async def beat(self, request: Request) -> Response:
        await request.json()
        return JSONResponse({"code": 0})

    async def wait(self, request: Request) -> Response:
        asked = await request.json()
        room, after = asked["roomID"], asked["afterSeq"]
        if len(self._said[room]) <= after:
            try:
                async with asyncio.timeout(asked["holdS"]):
                    await self._bells[room].wait()
            except TimeoutError:
                pass
        said = self._said[room]
        others = [one for one in said[after:] if one["userID"] != asked["userID"]]
        return JSONResponse({"code": 0, "events": others, "seq": len(said)})

    async def say(self, request: Request) -> Response:
        asked = await request.json()
        room = asked["roomID"]
        event = {"kind": "text", "userID": asked["userID"], "text": asked["text"]}
        self._said[room].append(event)
        self._bells.pop(room, asyncio.Event()).set()
        return JSONResponse({"code": 0})


async def empty(_request: Request) -> Response:
    return Response()


def bare_config(app: Starlette) -> uvicorn.Config:
    """Return uvicorn as fast as it comes."""
    return uvicorn.Config(
        app,
        interface="asgi3",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=75,
    )


def main() -> None:
    take_descriptors()
    rooms = Rooms()
    routes = [
        Route(f"{ROOMS}pusher_heartbeat", rooms.beat, methods=["POST"]),
        Route(f"{ROOMS}wait_events", rooms.wait, methods=["POST"]),
        Route(f"{ROOMS}send_room_text_msg", rooms.say, methods=["POST"]),
        Route("/empty", empty, methods=["POST"]),
    ]
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen(_BACKLOG)
        print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
        uvicorn.Server(bare_config(Starlette(routes=routes))).run(sockets=[listener])


if __name__ == "__main__":
    main()
