"""News of displays: recorded messages, and real ones of this machine's kernel."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import uuid
from collections.abc import Mapping
from pathlib import Path

import pytest

from kiosk.display.hotplug import (
    NETLINK_KOBJECT_UEVENT,
    DisplayNews,
    concerns_displays,
    fields_of,
)
from kiosk.errors import DeviceError
from tests.fakes.leaks import open_descriptors


NULL_DEVICE = Path("/sys/devices/virtual/mem/null/uevent")

# Recorded from kernel 6.18, by writing to that file.
RECORDED = (
    b"change@/devices/virtual/mem/null\0ACTION=change\0"
    b"DEVPATH=/devices/virtual/mem/null\0SUBSYSTEM=mem\0SYNTH_UUID=0\0MAJOR=1\0"
    b"MINOR=3\0DEVNAME=null\0DEVMODE=0666\0SEQNUM=10252\0"
)
# As drm_sysfs_connector_hotplug_event of kernel 6.6 writes them, for vc4's path.
PLUGGED = (
    b"change@/devices/platform/gpu/drm/card1\0ACTION=change\0"
    b"DEVPATH=/devices/platform/gpu/drm/card1\0SUBSYSTEM=drm\0HOTPLUG=1\0"
    b"CONNECTOR=32\0MAJOR=226\0MINOR=1\0DEVNAME=dri/card1\0DEVTYPE=drm_minor\0"
    b"SEQNUM=2711\0"
)
LEASED = PLUGGED.replace(b"HOTPLUG=1\0CONNECTOR=32", b"LEASE=1")
UNBOUND = PLUGGED.replace(b"change", b"remove").replace(b"HOTPLUG=1\0", b"")
CONNECTOR_ADDED = (
    b"add@/devices/platform/gpu/drm/card1/card1-HDMI-A-1\0ACTION=add\0"
    b"DEVPATH=/devices/platform/gpu/drm/card1/card1-HDMI-A-1\0SUBSYSTEM=drm\0"
    b"DEVTYPE=drm_connector\0SEQNUM=1501\0"
)
OTHER_HOTPLUG = PLUGGED.replace(b"SUBSYSTEM=drm", b"SUBSYSTEM=usb")
BY_HAND = PLUGGED.replace(b"HOTPLUG=1", b"SYNTH_UUID=0\0SYNTH_ARG_HOTPLUG=1")
UDEVS = b"libudev\0\xfe\xed\xca\xfe\x28\0\0\0\x28\0\0\0" + PLUGGED


def test_a_message_is_taken_apart_into_its_fields() -> None:
    fields = fields_of(PLUGGED)

    assert fields["ACTION"] == "change"
    assert fields["DEVNAME"] == "dri/card1"
    assert fields["CONNECTOR"] == "32"
    assert len(fields) == 10
    assert fields_of(RECORDED)["DEVNAME"] == "null"


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\0",
        UDEVS,
        PLUGGED[:-1],  # cut off
        b"change/devices/no/at\0SUBSYSTEM=drm\0HOTPLUG=1\0",
    ],
)
def test_what_is_no_message_of_the_kernel_has_no_fields(message: bytes) -> None:
    assert fields_of(message) == {}


def test_fields_that_are_none_are_left_out_and_odd_bytes_do_no_harm() -> None:
    assert fields_of(b"add@/x\0\0NOTHING\0=\0A=b=c\0B=\xff\0") == {
        "": "",
        "A": "b=c",
        "B": "�",
    }


@pytest.mark.parametrize(
    ("message", "is_news"),
    [
        (PLUGGED, True),
        (UNBOUND, True),
        (UNBOUND.replace(b"remove", b"add"), True),
        (LEASED, False),
        (CONNECTOR_ADDED, False),
        (OTHER_HOTPLUG, False),
        (BY_HAND, False),
        (b"", False),
    ],
)
def test_only_what_may_change_a_connector_is_news(
    message: bytes, is_news: bool
) -> None:
    assert concerns_displays(fields_of(message)) is is_news


needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="needs root: an event is made in /sys"
)


class Mark:
    """An event of a device that minds nothing, told from those of other tests."""

    def __init__(self) -> None:
        self._uuid = str(uuid.uuid4())

    def stir(self, arguments: str = "") -> None:
        NULL_DEVICE.write_text(f"change {self._uuid} {arguments}".strip())

    def is_on(self, fields: Mapping[str, str]) -> bool:
        return fields.get("SYNTH_UUID") == self._uuid


@needs_root
async def test_the_kernels_own_news_wake_whoever_waits() -> None:
    mark = Mark()
    with DisplayNews(mark.is_on) as news:
        async with asyncio.timeout(5.0), asyncio.TaskGroup() as group:
            waiting = group.create_task(news.come())
            await asyncio.sleep(0)
            assert not waiting.done()
            mark.stir()

        assert not news.heard()


@needs_root
async def test_many_events_are_one_piece_of_news() -> None:
    mark = Mark()
    with DisplayNews(mark.is_on) as news:
        for _ in range(5):
            mark.stir()

        async with asyncio.timeout(5.0):
            await news.come()

        assert not news.heard()


@needs_root
async def test_events_of_other_devices_are_no_news_of_displays() -> None:
    with DisplayNews() as news:
        Mark().stir("HOTPLUG=1")

        await asyncio.sleep(0.05)

        assert not news.heard()


@needs_root
def test_news_that_were_lost_are_news() -> None:
    with DisplayNews() as news:
        with socket.socket(fileno=os.dup(news.fileno())) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        for _ in range(20):
            Mark().stir()  # of no display, but some do not fit

        assert news.heard()


@needs_root
def test_nobody_but_the_kernel_is_believed() -> None:
    with DisplayNews() as news, uevent_socket() as stranger:
        with socket.socket(fileno=os.dup(news.fileno())) as same:
            port, _ = same.getsockname()
        stranger.sendto(PLUGGED, (port, 0))
        stranger.sendto(PLUGGED, (0, 1))

        assert not news.heard()


def uevent_socket() -> socket.socket:
    return socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_KOBJECT_UEVENT)


async def test_whoever_stops_waiting_leaves_nothing_behind() -> None:
    before = open_descriptors()
    with DisplayNews() as news:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await news.come()

        assert not asyncio.get_running_loop().remove_reader(news.fileno())

    news.close()
    assert open_descriptors() == before


def test_a_machine_without_descriptors_says_that_no_news_will_come() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        with pytest.raises(DeviceError, match="no news of what is plugged in"):
            DisplayNews().open()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
