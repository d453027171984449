"""Cameras are meant by names that stay; everything else is left alone, with a reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kiosk.devices.testing.v4l2_machine import FakeMachine
from kiosk.devices.testing.v4l2_webcam import FakeWebcam, Offer
from kiosk.errors import DeviceError
from kiosk.v4l2.discovery import choose, survey
from kiosk.v4l2.node import ThisMachine
from kiosk.v4l2.uapi_numbers import Cap, Pixel
from tests.fakes.webcams import CLOCK, NAME, camera_module_nodes, metadata_node, webcam


def two() -> FakeMachine:
    return FakeMachine(
        webcam(card="HD Pro Webcam C920", links=("/dev/v4l/by-id/usb-046d_C920",)),
        webcam(
            card="Lenovo FHD", bus="usb-2", links=("/dev/v4l/by-id/usb-17ef",), number=2
        ),
    )


def test_the_only_camera_needs_no_name() -> None:
    cam = webcam()

    assert choose(FakeMachine(cam, metadata_node(cam)), "").node.path == "/dev/video0"


@pytest.mark.parametrize(
    "name",
    ["Lenovo FHD", "lenovo", "/dev/v4l/by-id/usb-17ef"],
    ids=["card", "part", "link"],
)
def test_one_of_several_is_meant_by_its_name_whole_or_in_part(name: str) -> None:
    assert choose(two(), name).card == "Lenovo FHD"


def test_of_several_none_is_guessed() -> None:
    with pytest.raises(DeviceError) as error:
        choose(two(), "")

    assert str(error.value) == (
        "camera at /dev/v4l: 2 cameras fit; set [camera] device to"
        ' "v4l2:/dev/v4l/by-id/usb-046d_C920" or "v4l2:/dev/v4l/by-id/usb-17ef"'
    )


def test_a_number_is_no_name_even_here() -> None:
    with pytest.raises(DeviceError, match="is not there"):
        choose(two(), "/dev/video0")


def test_a_name_that_fits_nothing_tells_what_is_there() -> None:
    with pytest.raises(DeviceError) as error:
        choose(FakeMachine(webcam()), "Logitech")

    assert str(error.value) == (
        "camera at Logitech: is not there;"
        f' set [camera] device to what is there: "v4l2:{NAME}"'
    )


def test_a_second_node_of_the_same_camera_is_no_second_camera() -> None:
    second = webcam(Pixel.H264, number=2, links=())

    assert choose(FakeMachine(webcam(), second), "").node.path == "/dev/video0"


def test_nodes_of_the_camera_module_and_its_encoders_are_never_taken() -> None:
    seen = survey(FakeMachine(*camera_module_nodes()))

    assert seen.cameras == ()
    reasons = {node.path: why for node, why in seen.left_alone}
    assert "picamera2" in reasons["/dev/video0"]
    assert "picamera2" in reasons["/dev/video3"]
    assert "picamera2" in reasons["/dev/video14"]
    assert reasons["/dev/video11"] == "an encoder or decoder, no camera"
    assert reasons["/dev/video12"] == "an encoder or decoder, no camera"


@pytest.mark.parametrize(
    ("caps", "why"),
    [
        (Cap.META_CAPTURE | Cap.STREAMING, "a node for metadata, no camera"),
        (Cap.STREAMING, "no camera"),
        (Cap.VIDEO_CAPTURE, "a camera without streaming"),
        (Cap.VIDEO_CAPTURE_MPLANE | Cap.STREAMING, "a part of a camera bridge"),
    ],
    ids=["metadata", "radio", "read only", "bridge"],
)
def test_what_is_meant_and_is_no_camera_is_told_why(caps: Cap, why: str) -> None:
    machine = FakeMachine(webcam(caps=caps))

    with pytest.raises(DeviceError, match=f"is {why}"):
        choose(machine, NAME)


def test_an_infrared_camera_is_none_for_people() -> None:
    depth = FakeWebcam(CLOCK, offers=())

    (_, why), *_ = survey(FakeMachine(depth)).left_alone

    assert why == "a camera of pictures that are no use here (nothing)"


def test_a_node_that_may_not_be_opened_says_which_group_may() -> None:
    cam = webcam()
    cam.switches.forbidden = True

    with pytest.raises(DeviceError, match="add the daemon's user to the group video"):
        choose(FakeMachine(cam), "")


def test_real_nodes_have_the_names_that_udev_links_to_them(tmp_path: Path) -> None:
    for name in ("video0", "video10", "vbi0"):
        (tmp_path / name).touch()
    for folder, link in (("by-id", "usb-046d"), ("by-path", "platform-usb-0")):
        (tmp_path / "v4l" / folder).mkdir(parents=True)
        (tmp_path / "v4l" / folder / link).symlink_to("../../video0")

    first, second = ThisMachine(tmp_path).nodes()

    assert first.path == str(tmp_path / "video0")
    assert [Path(link).name for link in first.links] == ["usb-046d", "platform-usb-0"]
    assert (Path(second.path).name, second.links) == ("video10", ())


def test_whoever_holds_a_node_is_found_among_the_processes(tmp_path: Path) -> None:
    node = tmp_path / "video0"
    with node.open("w"):
        (holder,) = ThisMachine(tmp_path).holders(str(node))

    assert holder.endswith(f"(process {os.getpid()})")
    assert ThisMachine(tmp_path).holders(str(node)) == []


def test_an_offer_of_unknown_formats_is_left_out() -> None:
    cam = FakeWebcam(CLOCK, offers=(Offer(Pixel.MJPEG), Offer(Pixel.YUYV)))

    assert choose(FakeMachine(cam), "").pixels == (Pixel.MJPEG, Pixel.YUYV)
