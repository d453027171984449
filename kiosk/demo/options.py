"""What a demonstration is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


MIN_CALL_S = 1.0
MAX_SECONDS = 7 * 24 * 3600.0
MAX_CALLS = 10_000

PRESETS = ("180p", "360p", "480p", "720p")


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """
    The options of ``kiosk demo``.

    Attributes:
        seconds: Time in calls altogether; ``None`` serves the kiosk's page, leaves
            the calls to whoever sits before it, and runs until somebody ends it.
        calls: How many calls the time is divided into.
        as_json: Print one JSON object at the end instead of a table.
        out: Directory of the screenshot.
        preset: Picture size of both cameras.
        camera: The agent's camera, e.g. ``synthetic`` or ``file:PATH``.
        browser: Open the pages where there is a desktop.
        desk: Answer at the server's agent desk, a page too, instead of by an agent
            who answers by itself.

    Raises:
        ValueError: They do not go together; the text is for the user.

    """

    seconds: float | None = None
    calls: int = 1
    as_json: bool = False
    out: Path = Path("demo-out")
    preset: str = "360p"
    camera: str = "synthetic"
    browser: bool = True
    desk: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be run."""
        if not 1 <= self.calls <= MAX_CALLS:
            raise ValueError(f"--calls must be from 1 to {MAX_CALLS}")
        if self.preset not in PRESETS:
            raise ValueError(f"--preset must be one of {', '.join(PRESETS)}")
        if self.desk and self.seconds is not None:
            raise ValueError("--desk needs a person: not with --for")
        if self.seconds is None:
            if self.calls > 1:
                raise ValueError("--calls needs --for SECONDS")
            return
        if not self.calls * MIN_CALL_S <= self.seconds <= MAX_SECONDS:
            raise ValueError(
                f"--for must give each call at least {MIN_CALL_S:g} s "
                f"and at most {MAX_SECONDS:g} s altogether"
            )

    @property
    def call_s(self) -> float:
        """Seconds of one unattended call, from its first picture to hanging up."""
        return (self.seconds or 0.0) / self.calls
