import asyncio

from kiosk import rtcroom
from kiosk.roomserver.service import serve
from kiosk.roomserver.settings import ServerSettings


async def party(name: str, url: str, desk: asyncio.Future[str]) -> None:
    async with rtcroom.connect(url, name) as room:
        if name == "Anna":
            desk.set_result(await room.create_room("desk"))
        else:
            await room.enter_room(await desk)
        print(name, await room.wait_for(rtcroom.OnPlayEvent))  # noqa: T201
        await room.send_text(f"{name} sees you")
        print(name, await room.wait_for(rtcroom.OnRecvRoomTextMsg))  # noqa: T201


async def main() -> None:
    url, desk = asyncio.Future[str](), asyncio.Future[str]()
    settings = ServerSettings(http_port=0, rtmp_port=0)
    async with asyncio.TaskGroup() as tasks:
        serving = serve(settings, lambda at: url.set_result(at.http_url))
        server = tasks.create_task(serving)
        await asyncio.gather(*[party(n, await url, desk) for n in ("Anna", "Bert")])
        server.cancel()


asyncio.run(main())
