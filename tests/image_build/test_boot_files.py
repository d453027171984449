"""A Raspberry Pi's boot shows the kiosk's first picture and no text."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from appliance import application
from layers.layer import read_layer
from splash import COLOURS, splash


LAYER = Path(__file__).parents[2] / "image-build" / "layer" / "kiosk-rpi.yaml"
LINE = "console=serial0,115200 console=tty1 root=ROOTDEV fsck.repair=yes rootwait"
WITH_SPLASH = f"{LINE} fullscreen_logo=1 vt.global_cursor_default=0"
CONFIG = """\
camera_auto_detect=1
dtoverlay=vc4-kms-v3d
[pi4]
enable_uart=1
[pi5]
BOOT_UART=1
[all]
uart_2ndstage=1
"""


@pytest.fixture
def firmware(tmp_path: Path) -> Path:
    folder = tmp_path / "boot" / "firmware"
    folder.mkdir(parents=True)
    (folder / "cmdline.txt").write_text(f"{WITH_SPLASH}\n")
    (folder / "config.txt").write_text(CONFIG)
    return folder


def laid_out(
    firmware: Path, monkeypatch: pytest.MonkeyPatch, **settings: str
) -> list[str]:
    """Return the words of the kernel's line after the layer's hooks."""
    layer = read_layer(LAYER)
    changed = {f"IGconf_kioskboot_{name}": value for name, value in settings.items()}
    monkeypatch.setattr(application, "layers", lambda: [layer])
    application.lay_out(firmware.parents[1], Path("/nowhere.deb"), changed)
    return (firmware / "cmdline.txt").read_text().split()


def test_the_kernel_is_silent_and_its_console_is_none_that_is_seen(
    firmware: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = laid_out(firmware, monkeypatch)

    silent = {"quiet", "loglevel=3", "consoleblank=0", "systemd.show_status=0"}
    assert silent <= set(words)
    assert [word for word in words if word.startswith("console=")] == ["console=tty3"]
    assert words.count("vt.global_cursor_default=0") == 1
    assert {"root=ROOTDEV", "fsck.repair=yes", "rootwait"} <= set(words)
    assert not [word for word in words if word.startswith("video=")]


def test_a_splash_screen_is_not_hidden_with_the_penguin(
    firmware: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "logo.nologo" not in laid_out(firmware, monkeypatch)

    (firmware / "cmdline.txt").write_text(LINE)
    assert "logo.nologo" in laid_out(firmware, monkeypatch)


def test_a_display_that_tells_nothing_gets_the_configured_mode(
    firmware: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = laid_out(firmware, monkeypatch, video="HDMI-A-1:1920x1080@60D")

    assert words[-1] == "video=HDMI-A-1:1920x1080@60D"


@pytest.mark.parametrize(("bluetooth", "is_off"), [("n", True), ("y", False)])
def test_the_firmware_shows_nothing_and_opens_no_serial_console(
    firmware: Path, monkeypatch: pytest.MonkeyPatch, bluetooth: str, is_off: bool
) -> None:
    laid_out(firmware, monkeypatch, bluetooth=bluetooth)

    lines = (firmware / "config.txt").read_text().splitlines()
    last = lines[len(lines) - lines[::-1].index("[all]") :]
    assert {"disable_splash=1", "boot_delay=0"} <= set(last)
    assert ("dtoverlay=disable-bt" in last) == is_off
    assert not {"enable_uart=1", "BOOT_UART=1", "uart_2ndstage=1"} & set(lines)
    assert "dtoverlay=vc4-kms-v3d" in lines


def test_the_picture_is_as_the_kernels_loader_wants_it() -> None:
    content = splash((640, 360))

    kind, width, height, bits, corner = (
        content[2],
        *struct.unpack_from("<HHBB", content, 12),
    )
    assert (kind, width, height, bits, corner) == (2, 640, 360, 24, 0x20)
    pixels = content[18:]
    assert len(pixels) == 640 * 360 * 3
    colours = set(zip(pixels[0::3], pixels[1::3], pixels[2::3], strict=True))
    assert 20 < len(colours) <= COLOURS
