"""The fake kernel refuses what drivers refuse, with their numbers."""

from __future__ import annotations

import errno
import os
import select
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from kiosk.display import uapi
from kiosk.display.card import Card
from kiosk.display.objects import Plane
from kiosk.display.testing import FakeKernel
from kiosk.display.testing.paced import paced_kernel
from kiosk.display.uapi import Ioctl
from kiosk.display.uapi_numbers import Flag, Fourcc, ObjectType


FLIP = Flag.PAGE_FLIP_EVENT | Flag.ATOMIC_NONBLOCK
MODESET = FLIP | Flag.ATOMIC_ALLOW_MODESET
Box = tuple[int, int, int, int]


@dataclass
class Bench:
    """A card in 1920x1080 that nobody drew on yet."""

    kernel: FakeKernel

    def __post_init__(self) -> None:
        self.card = Card(self.kernel)
        self.planes = self.card.planes()
        connector = self.card.connectors()[0]
        crtc = connector.crtcs[0]
        mode = connector.modes[0]
        self.size = mode.width, mode.height
        crtc_ids = self.card.properties(crtc, ObjectType.CRTC).ids
        connector_ids = self.card.properties(connector.id, ObjectType.CONNECTOR).ids
        self.on = {
            crtc: {
                crtc_ids["ACTIVE"]: 1,
                crtc_ids["MODE_ID"]: self.card.new_blob(mode.raw),
            },
            connector.id: {connector_ids["CRTC_ID"]: crtc},
        }
        self.crtc = crtc

    def framebuffer(self, fourcc: Fourcc, width: int, height: int) -> int:
        bits = 8 if fourcc in (Fourcc.YU12, Fourcc.NV12) else 32
        rows = height * 3 // 2 if bits == 8 else height
        dumb = uapi.ModeCreateDumb(width=width, height=rows, bpp=bits)
        self.kernel.ioctl(Ioctl.MODE_CREATE_DUMB, dumb)
        asked = uapi.ModeFbCmd2(width=width, height=height, pixel_format=fourcc)
        half = dumb.pitch // 2
        luma = dumb.pitch * height
        layout = {
            Fourcc.YU12: ((dumb.pitch, 0), (half, luma), (half, luma * 5 // 4)),
            Fourcc.NV12: ((dumb.pitch, 0), (dumb.pitch, luma)),
        }.get(fourcc, ((dumb.pitch, 0),))
        for index, (pitch, offset) in enumerate(layout):
            asked.handles[index] = dumb.handle
            asked.pitches[index], asked.offsets[index] = pitch, offset
        self.kernel.ioctl(Ioctl.MODE_ADDFB2, asked)
        return asked.fb_id

    def values(self, plane: Plane, fb: int, source: Box, target: Box) -> dict[int, int]:
        named = {"FB_ID": fb, "CRTC_ID": self.crtc}
        named |= {f"SRC_{s}": v << 16 for s, v in zip("XYWH", source, strict=True)}
        named |= {f"CRTC_{s}": v for s, v in zip("XYWH", target, strict=True)}
        return {plane.properties.ids[name]: value for name, value in named.items()}

    def full(self, fourcc: Fourcc = Fourcc.XR24) -> dict[int, dict[int, int]]:
        fb = self.framebuffer(fourcc, *self.size)
        box = (0, 0, *self.size)
        return {self.planes[0].id: self.values(self.planes[0], fb, box, box)}


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench(FakeKernel("vc4-gen4"))
    yield bench
    bench.kernel.close()


def _refused(bench: Bench, request: dict[int, dict[int, int]], flags: Flag) -> int:
    try:
        bench.card.commit(request, flags)
    except OSError as refusal:
        return refusal.errno or 0
    raise AssertionError("it was carried out")


def test_a_flip_is_complete_at_the_vblank_and_not_before(bench: Bench) -> None:
    bench.card.commit(bench.on | bench.full(), MODESET, cookie=7)

    before = bench.card.flips()
    bench.kernel.vblank()
    readable, _, _ = select.select([bench.kernel.fileno()], [], [], 0)
    after = bench.card.flips()

    assert before == []
    assert readable
    assert [flip.cookie for flip in after] == [7]
    assert after[0].at_us > 0


def test_a_commit_while_a_flip_is_pending_is_busy_and_a_fault(bench: Bench) -> None:
    bench.card.commit(bench.on | bench.full(), MODESET)

    assert _refused(bench, bench.full(), FLIP) == errno.EBUSY
    assert bench.kernel.faults


def test_a_modeset_must_be_asked_for(bench: Bench) -> None:
    assert _refused(bench, bench.on | bench.full(), FLIP) == errno.EINVAL


def test_a_write_into_what_is_scanned_out_is_a_fault(bench: Bench) -> None:
    request = bench.full()
    bench.card.commit(bench.on | request, MODESET)
    bench.kernel.vblank()
    assert not bench.kernel.faults

    memory = next(iter(bench.kernel.memories.handles.values()))
    memory.bytes[100] = 1
    bench.card.commit(bench.full(), FLIP)

    assert "written to while shown" in bench.kernel.faults[0]


def test_removing_a_framebuffer_that_is_shown_turns_its_plane_off(
    bench: Bench,
) -> None:
    request = bench.full()
    bench.card.commit(bench.on | request, MODESET)
    bench.kernel.vblank()

    bench.card.drop_framebuffer(bench.card.framebuffers()[0])

    assert bench.kernel.shown() == []
    assert bench.kernel.faults


def test_the_load_of_a_raspberry_pi_3_is_limited(bench: Bench) -> None:
    page = bench.framebuffer(Fourcc.AR24, 1280, 720)
    small, full = (0, 0, 1280, 720), (0, 0, *bench.size)
    request = bench.on | {
        plane.id: bench.values(plane, page, small, full) for plane in bench.planes[:5]
    }

    assert _refused(bench, request, MODESET) == errno.ENOSPC
    assert "HVS load" in bench.kernel.refusals[0]


@pytest.mark.parametrize(
    ("profile", "fourcc", "source", "target", "number"),
    [
        ("vkms-old", Fourcc.XR24, (0, 0, 640, 360), (0, 0, 1280, 720), errno.ERANGE),
        ("vc4-gen5", Fourcc.XR24, (0, 0, 2000, 100), (0, 0, 2000, 100), errno.ENOSPC),
        ("virtio-gpu", Fourcc.XR24, (0, 0, 64, 64), (0, 0, 64, 64), errno.EINVAL),
        ("vc4-gen5", Fourcc.XR24, (0, 0, 64, 64), (0, 0, 0, 64), errno.EINVAL),
    ],
)
def test_a_plane_is_refused_with_the_kernels_number(
    profile: str, fourcc: Fourcc, source: Box, target: Box, number: int
) -> None:
    bench = Bench(FakeKernel(profile))
    fb = bench.framebuffer(fourcc, *bench.size)
    primary = bench.planes[0]
    request = bench.on | {primary.id: bench.values(primary, fb, source, target)}

    assert _refused(bench, request, MODESET) == number


def test_unknown_formats_pitches_and_bounds_make_no_framebuffer() -> None:
    kernel = FakeKernel("simpledrm")
    dumb = uapi.ModeCreateDumb(width=64, height=64, bpp=32)
    kernel.ioctl(Ioctl.MODE_CREATE_DUMB, dumb)

    for fourcc, height, pitch in (
        (Fourcc.YU12, 64, 256),
        (Fourcc.XR24, 64, 255),
        (Fourcc.XR24, 65, 256),
    ):
        asked = uapi.ModeFbCmd2(width=64, height=height, pixel_format=fourcc)
        asked.handles[0], asked.pitches[0] = dumb.handle, pitch
        with pytest.raises(OSError, match="Invalid argument"):
            kernel.ioctl(Ioctl.MODE_ADDFB2, asked)


def test_virtio_has_dumb_buffers_of_32_bits_only() -> None:
    dumb = uapi.ModeCreateDumb(width=64, height=64, bpp=8)

    with pytest.raises(OSError, match="Invalid argument"):
        FakeKernel("virtio-gpu").ioctl(Ioctl.MODE_CREATE_DUMB, dumb)


def test_the_same_dma_buf_has_the_same_handle_and_the_lowest_is_given_next() -> None:
    kernel = FakeKernel("vc4-gen5")
    fd = os.memfd_create("frame")
    os.truncate(fd, 4096)

    handles: list[int] = []
    for _ in range(2):
        asked = uapi.PrimeHandle(fd=fd)
        kernel.ioctl(Ioctl.PRIME_FD_TO_HANDLE, asked)
        handles.append(asked.handle)
    kernel.ioctl(Ioctl.GEM_CLOSE, uapi.GemClose(handle=handles[0]))

    assert handles == [1, 1]
    assert not kernel.memories.handles
    os.close(fd)


def test_who_is_not_master_commits_nothing_and_what_is_gone_says_nothing(
    bench: Bench,
) -> None:
    bench.kernel.is_master = False
    assert _refused(bench, bench.on | bench.full(), MODESET) == errno.EACCES

    bench.kernel.is_gone = True
    assert _refused(bench, {}, MODESET) == errno.ENODEV


def test_a_paced_kernel_completes_flips_by_itself_until_it_is_closed() -> None:
    bench = Bench(paced_kernel("vc4-gen5", refresh_hz=250.0))
    bench.card.commit(bench.on | bench.full(), MODESET, cookie=3)

    readable, _, _ = select.select([bench.kernel.fileno()], [], [], 5)
    flips = bench.card.flips()
    bench.kernel.close()

    assert readable
    assert [flip.cookie for flip in flips] == [3]
    assert not [t for t in threading.enumerate() if t.name == "fake-vblank"]
