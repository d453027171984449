"""A still in the middle of publishing: the stream goes on, and closing ends the wait."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from kiosk.codec.painted_clock import read
from kiosk.devices.camera_synthetic import SENSOR
from kiosk.errors import DeviceError
from kiosk.rtmp.events import VideoTag
from tests.fakes.media_kit import MediaKit, open_relay
from tests.fakes.rtmp_sockets import playing


ROOMY = 3_000_000


async def test_a_still_is_taken_while_the_stream_goes_on() -> None:
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        url = f"rtmp://{host}:{port}/live/k1"
        pusher = kit.session.new_pusher(kit.facts.append)
        async with playing(url) as viewer:
            await pusher.start(url)
            before = kit.clock.now()
            jpeg = await pusher.take_still(ROOMY)
            seen = viewer.count(VideoTag)
            await viewer.wait_until(lambda: viewer.count(VideoTag) > seen + 5)
        await pusher.close()

    image = Image.open(BytesIO(jpeg))
    painted = read(np.asarray(image.convert("L")), before)
    assert image.size == SENSOR
    assert painted is not None
    assert before - 100 <= painted <= kit.clock.now()
    assert kit.facts == []


async def test_closing_the_camera_ends_a_still_that_waits_for_it() -> None:
    kit = MediaKit()
    async with open_relay() as (_, host, port):
        pusher = kit.session.new_pusher(kit.facts.append)
        await pusher.start(f"rtmp://{host}:{port}/live/k1")
        kit.camera.stall()
        async with asyncio.TaskGroup() as group:
            taking = group.create_task(refused(pusher.take_still(ROOMY)))
            await asyncio.sleep(0.05)
            await pusher.close()

    assert "not open" in taking.result()
    assert not kit.camera.is_open


async def test_before_the_camera_is_open_there_is_no_still() -> None:
    pusher = MediaKit().session.new_pusher(print)

    with pytest.raises(DeviceError, match="not open"):
        await pusher.take_still(ROOMY)


async def refused(still: Coroutine[object, object, bytes]) -> str:
    with pytest.raises(DeviceError) as error:
        await still
    return str(error.value)
