"""
Opens what is free, and measures: the first run on a board, and a fault that comes and goes.

1. What a running kiosk holds is left to it: display, buttons and lamps always, camera
   and sound while they are open.
2. Every measurement ends by itself and closes what it opened, whatever goes wrong.
3. What only a person can do has a deadline and can be skipped; without a terminal it
   is skipped at once.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from kiosk.app import devices
from kiosk.app.doctor.check import Check, failure, good, skipped, warning
from kiosk.app.doctor.deep_camera import measure_camera
from kiosk.app.doctor.deep_display import measure_display
from kiosk.app.doctor.deep_loop import measure_loop
from kiosk.app.doctor.deep_sound import measure_microphone, measure_speaker
from kiosk.app.doctor.machine import Run, look_at_heat, look_at_power
from kiosk.app.doctor.person import Person, judged_by
from kiosk.app.late_devices import late_buttons, late_lamps, made_of
from kiosk.config.schema import KioskConfig
from kiosk.config.values import parse_device
from kiosk.errors import KioskError
from kiosk.ports import Button, ButtonEdge, Clock, Indicator


PRESS_S: Final = 10.0
LAMP_S: Final = 0.5
_SLICE_S: Final = 0.1
HELD: Final = "the running kiosk holds it: `systemctl stop kiosk`, then again"
ASKED: Final = (Button.CALL, Button.HANGUP, Button.MUTE)


@dataclass(frozen=True, slots=True)
class Bench:
    """
    What is measured, and with what.

    Attributes:
        root: Under which the kernel's files are.
        status: Of the kiosk that runs here, or None.

    """

    config: KioskConfig
    clock: Clock
    root: Path
    run: Run
    person: Person
    status: Mapping[str, Any] | None


def look_deep(bench: Bench) -> Iterator[Check]:
    """Measure every device that is free, one after the other."""
    config, clock = bench.config, bench.clock
    make_camera = partial(devices.make_camera, config, clock)
    make_microphone = partial(devices.make_microphone, config, clock)
    make_speaker = partial(devices.make_speaker, config, clock)
    rate = float(config.camera.picture_rate)
    parts: tuple[tuple[str, str, Callable[[], Iterator[Check]]], ...] = (
        (
            "camera",
            "camera_open",
            lambda: measure_camera(made_of("camera", make_camera), clock, rate),
        ),
        (
            "microphone",
            "microphone_open",
            lambda: measure_microphone(made_of("microphone", make_microphone), clock),
        ),
        (
            "speaker",
            "speaker_open",
            lambda: measure_speaker(
                made_of("speaker", make_speaker), clock, bench.person
            ),
        ),
        (
            "loudspeaker to microphone",
            "microphone_open",
            lambda: measure_loop(
                made_of("speaker", make_speaker),
                made_of("microphone", make_microphone),
                clock,
            ),
        ),
        ("display", "", lambda: measure_display(config, clock, bench.person)),
        ("lamps", "", lambda: _lamps(bench)),
        ("buttons", "", lambda: look_at_buttons(bench)),
    )
    for what, open_key, measure in parts:
        yield from _if_free(bench, f"{what}, measured", open_key, measure)
    yield look_at_heat(bench.root)
    yield look_at_power(bench.root, bench.run)


def _if_free(
    bench: Bench, what: str, open_key: str, measure: Callable[[], Iterator[Check]]
) -> Iterator[Check]:
    status = bench.status
    if status is not None and (not open_key or status["devices"][open_key]):
        yield skipped(what, HELD)
        return
    try:
        yield from measure()
    except KioskError as error:
        yield failure(what, f"{error.code} {error}", "the message says it")


def _lamps(bench: Bench) -> Iterator[Check]:
    what = "lamps, measured"
    kind = parse_device(bench.config.indicators.device).kind
    if kind in {"memory", "file"}:
        yield skipped(what, f'[indicators] device = "{kind}" lights nothing')
        return
    lamps = late_lamps(bench.config, bench.clock)
    try:
        for indicator in Indicator:
            lamps.set(indicator, lit=True)
            time.sleep(LAMP_S)
            lamps.set(indicator, lit=False)
    finally:
        lamps.close()
    yield judged_by(
        bench.person,
        what,
        f"{len(Indicator)} switched on and off",
        "Did the lamps light one after the other?",
        "see to their wiring",
    )


def look_at_buttons(bench: Bench) -> Iterator[Check]:
    """Have somebody press each button, if somebody is there."""
    what = "buttons, measured"
    kind = parse_device(bench.config.buttons.device).kind
    if kind == "none":
        yield skipped(what, "none are configured")
        return
    if not bench.person.is_here:
        yield skipped(what, "nobody is there to press them: no terminal")
        return
    edges: queue.SimpleQueue[ButtonEdge] = queue.SimpleQueue()
    buttons = late_buttons(bench.config, bench.clock)
    try:
        buttons.start(edges.put)
        wired = bench.config.buttons.places
        for button in [Button(name) for name in wired] or ASKED:
            yield _pressed(bench.person, edges, button, skips=kind != "keyboard")
    finally:
        buttons.close()


def _pressed(
    person: Person,
    edges: queue.SimpleQueue[ButtonEdge],
    button: Button,
    *,
    skips: bool,
) -> Check:
    what = f"button {button.value}"
    skip = ", or Enter to skip" if skips else ""
    do = "Open the door" if button is Button.DOOR else f"Press {button.value}"
    person.tell(f"{do} within {PRESS_S:g} s{skip}")
    end = time.monotonic() + PRESS_S
    while time.monotonic() < end:
        while not edges.empty():
            edge = edges.get_nowait()
            if edge.is_down and edge.button is button:
                return good(what, "pressed and heard")
            if edge.is_down:
                told = f"{edge.button.value} was heard"
                return failure(what, told, "swap their lines, or press that one")
        if skips and person.typed(_SLICE_S) is not None:
            return skipped(what, "by whoever was asked")
        if not skips:
            time.sleep(_SLICE_S)
    return warning(what, f"not heard in {PRESS_S:g} s", "see to its line and its pin")
