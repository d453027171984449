"""
Which display stands behind the configuration, opened.

Nothing heavy may be imported here: it runs before the first pixel.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kiosk import ports
from kiosk.app.first_display import (
    DisplayPlan,
    FirstDisplay,
    card_of,
    open_first_display,
    plan_in,
)
from kiosk.config.schema import KioskConfig
from kiosk.display.headless import HeadlessDisplay
from kiosk.display.rotation import RotatedDisplay


def open_display(
    config: KioskConfig,
    clock: ports.Clock,
    watched: Callable[[HeadlessDisplay], ports.Display] | None = None,
) -> ports.Display:
    """
    Open the display; whoever asked for it closes it.

    Args:
        config: What the kiosk is told.
        clock: Tells when a frame was presented.
        watched: Puts whoever looks at the display, as it is wired, before it.

    """
    section = config.display
    headless = _headless(config, clock)
    display: ports.Display = headless if watched is None else watched(headless)
    if section.rotation:
        display = RotatedDisplay(display, section.rotation)
    display.open()
    return display


def card_display(config: KioskConfig) -> FirstDisplay | None:
    """Light the display of a configured card; None where no card is configured."""
    return open_first_display(plan_of_config(config), {})


def plan_of_config(config: KioskConfig) -> DisplayPlan | None:
    """Return the card's display that is configured; None where no card is."""
    return plan_in(config.display.model_dump())


def probe_display(config: KioskConfig, clock: ports.Clock) -> ports.Probe:
    """Say what the configured display is, without opening or lighting it."""
    plan = plan_of_config(config)
    if plan is None:
        return _headless(config, clock).probe()
    return card_of(plan).probe()


def left_dark(config: KioskConfig, root: Path = Path("/")) -> str:
    """
    Return why a display that is connected to this machine stays dark, or nothing.

    The kernel is asked, no card is opened: cheap, and nobody else is disturbed.
    """
    device = config.display.device
    if plan_of_config(config) is not None or device == "simulator":
        return ""
    found = sorted(root.glob("sys/class/drm/card*-*/status"))
    names = [path.parent.name.partition("-")[2] for path in found if _has_display(path)]
    if not names:
        return ""
    return (
        f'[display] device = "{device}": what is connected to {", ".join(names)} stays '
        'dark; device = "drm" is this machine\'s own screen'
    )


def _has_display(status: Path) -> bool:
    try:
        return status.read_text("ascii", "replace").strip() == "connected"
    except OSError:
        return False


def _headless(config: KioskConfig, clock: ports.Clock) -> HeadlessDisplay:
    section = config.display
    width, height = section.pixels
    return HeadlessDisplay(
        clock,
        width=width,
        height=height,
        framebuffer=Path(section.framebuffer) if section.framebuffer else None,
    )
