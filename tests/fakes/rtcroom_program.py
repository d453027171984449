"""A program of RTCRoom in a room with another party, and what it saw."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kiosk.roomserver.rooms import CreatorLeaves
from kiosk.roomserver.settings import ServerSettings
from kiosk.rtcroom import (
    Event,
    OnError,
    OnPlayEvent,
    OnPushEvent,
    RTCRoom,
    RTCRoomError,
)
from tests.fakes.paper_media import PaperMedia
from tests.fakes.room_world import RoomWorld, Wire, no_fault, settle


class Program:
    """A program that uses RTCRoom, and what it was told so far."""

    def __init__(self, room: RTCRoom, media: PaperMedia, wire: Wire) -> None:
        self.room = room
        self.media = media
        self.wire = wire
        self.told: list[Event] = []

    async def listen(self) -> None:
        async for event in self.room.events():
            self.told.append(event)

    def codes(self) -> list[int]:
        kinds = OnPushEvent | OnPlayEvent | OnError
        return [event.code for event in self.told if isinstance(event, kinds)]


@asynccontextmanager
async def program(world: RoomWorld, user_id: str) -> AsyncIterator[Program]:
    service, wire = world.service(user_id)
    media = PaperMedia()
    async with asyncio.TaskGroup() as tasks, RTCRoom(service, media) as room:
        one = Program(room, media, wire)
        tasks.create_task(one.listen())
        yield one
        wire.fault = no_fault
        if world.app is None:
            world.start()


@asynccontextmanager
async def call(world: RoomWorld) -> AsyncIterator[tuple[Program, Program]]:
    """Two programs in one room, everything so far told."""
    async with program(world, "anna") as anna, program(world, "bert") as bert:
        await anna.room.create_room("desk", "d1")
        await bert.room.enter_room("d1")
        await settle()
        yield anna, bert


def staying() -> RoomWorld:
    return RoomWorld(ServerSettings(creator_leaves=CreatorLeaves.STAY))


async def outcome(awaitable: object) -> object:
    try:
        return await awaitable  # type: ignore[misc]
    except RTCRoomError as error:
        return error


@asynccontextmanager
async def program_in(other: Program, user_id: str) -> AsyncIterator[Program]:
    async with program(other.wire.world, user_id) as one:
        yield one
