"""Lines that are held: the kernel's numbers and structures, levels and edges."""

from __future__ import annotations

import errno
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.wiring import chips, lines
from kiosk.wiring.lines import Line, Use
from tests.fakes.gpio_kernel import FakeGpioKernel
from tests.fakes.leaks import open_descriptors


NUMBERS = {
    "GPIO_GET_CHIPINFO_IOCTL": chips.GET_CHIPINFO,
    "GPIO_V2_GET_LINEINFO_IOCTL": chips.GET_LINEINFO,
    "GPIO_V2_LINE_FLAG_USED": chips.FLAG_USED,
    "GPIO_V2_GET_LINE_IOCTL": lines.GET_LINE,
    "GPIO_V2_LINE_SET_CONFIG_IOCTL": lines.SET_CONFIG,
    "GPIO_V2_LINE_GET_VALUES_IOCTL": lines.GET_VALUES,
    "GPIO_V2_LINE_SET_VALUES_IOCTL": lines.SET_VALUES,
    "GPIO_V2_LINE_FLAG_INPUT": lines.INPUT,
    "GPIO_V2_LINE_FLAG_OUTPUT": lines.OUTPUT,
    "GPIO_V2_LINE_FLAG_EDGE_RISING": lines.RISING,
    "GPIO_V2_LINE_FLAG_EDGE_FALLING": lines.FALLING,
    "GPIO_V2_LINE_FLAG_BIAS_PULL_UP": lines.PULL_UP,
    "GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN": lines.PULL_DOWN,
    "GPIO_V2_LINE_FLAG_BIAS_DISABLED": lines.NO_PULL,
    "GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES": lines.OUTPUT_VALUES,
    "GPIO_V2_LINE_EVENT_RISING_EDGE": lines.ROSE,
    "sizeof(struct gpiochip_info)": chips.CHIPINFO.size,
    "sizeof(struct gpio_v2_line_info)": chips.LINEINFO.size,
    "sizeof(struct gpio_v2_line_config)": lines.CONFIG.size,
    "sizeof(struct gpio_v2_line_request)": lines.REQUEST.size,
    "sizeof(struct gpio_v2_line_values)": lines.VALUES.size,
    "sizeof(struct gpio_v2_line_event)": lines.EVENT.size,
}
FILLED = """
static struct gpio_v2_line_request asked = {
    .offsets = {17}, .consumer = "kiosk", .num_lines = 1, .event_buffer_size = 256,
    .fd = 9, .config = {.flags = GPIO_V2_LINE_FLAG_OUTPUT, .num_attrs = 1, .attrs = {
        {.attr = {.id = GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES, .values = 1}, .mask = 1}}}};
static struct gpio_v2_line_event told = {
    .timestamp_ns = 5, .id = 2, .offset = 17, .seqno = 3, .line_seqno = 4};
static struct gpio_v2_line_values level = {.bits = 1, .mask = 3};
"""
"""As the compiler lays them out, to be compared with ours byte by byte."""


def _compiled(folder: Path, body: str) -> bytes:
    source = folder / "abi.c"
    source.write_text(
        f"#include <stdio.h>\n#include <linux/gpio.h>\n{FILLED}"
        f"int main(void) {{\n{body}\nreturn 0; }}\n",
        encoding="utf-8",
    )
    subprocess.run(["cc", "-o", folder / "abi", source], check=True, timeout=30)
    done = subprocess.run([folder / "abi"], check=True, capture_output=True, timeout=10)
    return done.stdout


def test_every_number_and_size_is_that_of_the_c_header(tmp_path: Path) -> None:
    asked = (f'printf("%llu\\n", (unsigned long long)({name}));' for name in NUMBERS)

    printed = _compiled(tmp_path, "\n".join(asked)).split()

    assert dict(zip(NUMBERS, map(int, printed), strict=True)) == NUMBERS


def test_what_is_asked_and_told_lies_where_the_c_header_has_it(tmp_path: Path) -> None:
    use = Use(lines.OUTPUT, is_high=True)
    request = lines.REQUEST.pack(17, b"kiosk", use.packed(), 1, 256, 9)

    bodies = (f"fwrite(&{it}, sizeof {it}, 1, stdout);" for it in ("asked", "level"))
    assert _compiled(tmp_path, "".join(bodies)) == request + lines.VALUES.pack(1, 3)

    told = _compiled(tmp_path, "fwrite(&told, sizeof told, 1, stdout);")
    assert lines.EVENT.unpack(told) == (5, 2)


@pytest.fixture
def kernel(tmp_path: Path) -> FakeGpioKernel:
    kernel = FakeGpioKernel(tmp_path)
    kernel.add()
    return kernel


@pytest.fixture
def line(kernel: FakeGpioKernel) -> Iterator[Line]:
    line = claimed(kernel, 17, Use(lines.INPUT | lines.PULL_UP))
    yield line
    line.close()


def claimed(kernel: FakeGpioKernel, number: int, use: Use) -> Line:
    found = kernel.chips()
    return found.claim(found.find(), number, use)


def test_a_line_that_is_held_is_shown_as_the_kiosks_and_is_free_once_closed(
    kernel: FakeGpioKernel, line: Line
) -> None:
    found = kernel.chips()
    assert found.holder(found.find(), 17) == "kiosk"

    with pytest.raises(OSError, match="busy") as caught:
        claimed(kernel, 17, Use())
    assert caught.value.errno == errno.EBUSY

    line.close()
    line.close()
    assert found.holder(found.find(), 17) is None


def test_the_level_is_that_of_who_pulls_and_else_of_the_pull(
    kernel: FakeGpioKernel, line: Line
) -> None:
    seen = [line.is_high]
    kernel.drive(17, high=False)
    seen.append(line.is_high)

    assert seen == [True, False]


def test_only_edges_that_were_asked_for_are_told_with_when_they_were(
    kernel: FakeGpioKernel, line: Line
) -> None:
    kernel.drive(17, high=False)
    assert line.edges() == []

    line.use(Use(lines.INPUT | lines.PULL_UP | lines.RISING))
    for high in (True, False, True):
        kernel.drive(17, high=high)
    first, second = line.edges()

    assert (first.is_high, second.is_high) == (True, True)
    assert 0 < first.at_ns <= second.at_ns


def test_a_hundred_edges_that_waited_are_told_in_order(
    kernel: FakeGpioKernel, line: Line
) -> None:
    line.use(Use(lines.INPUT | lines.PULL_UP | lines.RISING | lines.FALLING))
    for turn in range(100):
        kernel.drive(17, high=bool(turn % 2))

    edges = line.edges()

    assert [edge.is_high for edge in edges] == [False, True] * 50
    assert edges == sorted(edges)


def test_an_output_begins_as_it_is_said_and_is_driven(kernel: FakeGpioKernel) -> None:
    lamp = claimed(kernel, 16, Use(lines.OUTPUT, is_high=True))
    seen = [kernel.is_lit(16)]

    lamp.drive(high=False)
    seen.append(kernel.is_lit(16))
    lamp.close()

    assert seen == [True, False]


def test_driving_an_input_is_the_kernels_error(line: Line) -> None:
    with pytest.raises(PermissionError):
        line.drive(high=True)


def test_a_line_that_does_not_exist_is_the_kernels_error_and_nothing_stays_open(
    kernel: FakeGpioKernel,
) -> None:
    before = open_descriptors()

    with pytest.raises(OSError, match="Invalid argument"):
        claimed(kernel, 54, Use())

    assert open_descriptors() == before
