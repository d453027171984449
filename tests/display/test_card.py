"""What a card says of itself, asked through its ioctls."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kiosk.display import uapi
from kiosk.display.card import Card, drop_stale_handles
from kiosk.display.node import Node, open_node
from kiosk.display.testing import PROFILES, FakeKernel
from kiosk.display.uapi import Ioctl
from kiosk.display.uapi_numbers import Cap, Flag, Fourcc, ObjectType
from kiosk.errors import DeviceError


@pytest.fixture(params=PROFILES)
def kernel(request: pytest.FixtureRequest) -> FakeKernel:
    return FakeKernel(request.param)


def test_a_card_names_its_driver_and_what_it_can(kernel: FakeKernel) -> None:
    card = Card(kernel)

    assert card.driver() == kernel.profile.driver
    assert card.can(Cap.DUMB_BUFFER)


def test_a_connector_has_its_kernel_name_its_modes_and_its_crtcs() -> None:
    card = Card(FakeKernel("vc4-gen5"))

    (connector,) = card.connectors()

    assert connector.name == "HDMI-A-1"
    assert connector.is_connected
    assert [mode.name for mode in connector.modes] == [
        "1920x1080@60",
        "1280x720@60",
        "1024x600@60",
    ]
    assert [mode.is_preferred for mode in connector.modes] == [True, False, False]
    assert connector.crtcs == (40,)
    assert connector.millimetres == (527, 296)


def test_an_unplugged_connector_has_no_modes_until_one_is_plugged_in() -> None:
    kernel = FakeKernel("vc4-gen4", is_connected=False)
    card = Card(kernel)

    before = card.connectors()[0]
    kernel.plug(((800, 480, 60),))
    after = card.connectors()[0]

    assert (before.is_connected, before.modes) == (False, ())
    assert [mode.name for mode in after.modes] == ["800x480@60"]


def test_the_monitor_is_asked_only_when_it_shall_be() -> None:
    kernel = FakeKernel("vc4-gen4")
    card = Card(kernel)

    known = card.connectors(probe=False)
    probed = card.connectors()

    assert known == probed
    assert kernel.panel.probes == 1


def test_every_plane_has_kind_formats_and_properties(kernel: FakeKernel) -> None:
    planes = Card(kernel).planes()

    assert [plane.kind for plane in planes] == list(kernel.profile.planes)
    assert all(plane.formats == kernel.profile.formats for plane in planes)
    assert all(plane.crtcs == (40,) for plane in planes)
    assert all("FB_ID" in plane.properties.ids for plane in planes)


def test_enums_and_bits_are_known_by_name() -> None:
    properties = Card(FakeKernel("vc4-gen4")).planes()[1].properties

    assert properties.enums["COLOR_RANGE"] == {
        "YCbCr limited range": 0,
        "YCbCr full range": 1,
    }
    assert properties.enums["rotation"]["reflect-x"] == 4
    assert "rotation" not in Card(FakeKernel("simpledrm")).planes()[0].properties.ids


def test_a_commit_is_tested_without_being_carried_out() -> None:
    kernel = FakeKernel("vc4-gen4")
    card = Card(kernel)
    connector = card.connectors()[0]
    ids = card.properties(connector.id, ObjectType.CONNECTOR).ids

    card.commit(
        {connector.id: {ids["CRTC_ID"]: 40}},
        Flag.ATOMIC_TEST_ONLY | Flag.ATOMIC_ALLOW_MODESET,
    )

    assert kernel.commits == 0


def test_a_card_without_connector_or_of_no_driver_is_a_device_error(
    tmp_path: Path,
) -> None:
    (tmp_path / "card0").write_text("")

    with pytest.raises(DeviceError, match=r"vc4-kms-v3d"):
        open_node(nodes=tmp_path)
    with pytest.raises(DeviceError, match="another card"):
        open_node(str(tmp_path / "card0"))
    with pytest.raises(DeviceError, match="No such file"):
        open_node(str(tmp_path / "card7"))


def test_what_cannot_be_opened_says_why() -> None:
    with pytest.raises(DeviceError, match="Is a directory"):
        open_node("/")


def test_a_node_that_has_nothing_to_say_does_not_wait() -> None:
    reader, writer = os.pipe()
    node = Node(reader, "pipe")

    assert node.read() == b""
    assert node.fileno() == reader

    os.close(writer)
    node.close()
    node.close()


def test_a_real_descriptor_is_asked_in_the_kernels_own_numbers() -> None:
    reader, writer = os.pipe()
    node = Node(reader, "pipe")

    for request, argument in (
        (Ioctl.SET_MASTER, uapi.Nothing()),
        (Ioctl.MODE_ATOMIC, uapi.ModeAtomic()),
        (Ioctl.VERSION, uapi.Version()),
    ):
        with pytest.raises(OSError, match="Inappropriate ioctl"):
            node.ioctl(request, argument)

    os.close(writer)
    node.close()


def test_who_inherited_the_card_is_master_though_he_may_not_become_it() -> None:
    kernel = FakeKernel("vc4-gen4")
    kernel.is_inherited = True

    Card(kernel).take_master()
    kernel.is_master = False

    with pytest.raises(DeviceError, match="somebody else owns the display"):
        Card(kernel).take_master()


def test_a_property_that_can_only_be_read_is_not_among_those_to_set() -> None:
    properties = Card(FakeKernel("vc4-gen4")).planes()[0].properties

    assert "type" in properties.values
    assert "type" not in properties.ids


def test_a_driver_without_atomic_commits_is_a_device_error() -> None:
    kernel = FakeKernel("vc4-gen4")
    kernel.is_gone = True

    with pytest.raises(DeviceError, match="no atomic commits"):
        Card(kernel)


def test_who_is_not_master_is_told_to_stop_who_is() -> None:
    kernel = FakeKernel("vc4-gen4")
    card = Card(kernel)
    card.take_master()
    kernel.is_master = False

    with pytest.raises(DeviceError, match="somebody else owns the display"):
        card.take_master()


def test_a_predecessors_memory_can_be_given_back() -> None:
    kernel = FakeKernel("vc4-gen4")
    dumb = uapi.ModeCreateDumb(width=64, height=64, bpp=32)
    for _ in range(3):
        kernel.ioctl(Ioctl.MODE_CREATE_DUMB, dumb)
    shown = uapi.ModeFbCmd2(width=64, height=64, pixel_format=Fourcc.XR24)
    shown.handles[0], shown.pitches[0] = dumb.handle, dumb.pitch
    kernel.ioctl(Ioctl.MODE_ADDFB2, shown)
    card = Card(kernel)

    drop_stale_handles(kernel)
    stale = card.framebuffers()
    card.drop_framebuffer(stale[0])

    assert not kernel.memories.handles
    assert (len(stale), card.framebuffers()) == (1, ())
