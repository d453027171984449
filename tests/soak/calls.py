"""A call of the soak: pressed, seen from both sides, hung up; and what came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from kiosk.errors import ControlError
from tests.soak.site import Site
from tests.soak.troubles import Trouble, When


READY_S: Final = 40.0
"""Until a site that was disturbed can call again: a ghost lives 5.5 s here."""
SEEN_S: Final = 40.0
PICTURES: Final = 10
"""New ones, on either side, that say that both see each other."""
OVER: Final = frozenset({"ENDED", "IDLE", "OUT_OF_SERVICE"})
_LOOK_S: Final = 0.03
CLOSED: Final = {"camera_open": False, "microphone_open": False, "speaker_open": False}
WHOLE, ENDED, FAILED = "whole", "ended politely", "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What came of a call.

    Attributes:
        result: Both saw each other until it was hung up; or the kiosk ended it, said
            why and was ready again; or neither.
        why: The kiosk's reason, or what was waited for in vain.

    """

    result: str
    why: str
    seconds: float


def call(site: Site, trouble: Trouble) -> Outcome:
    """Make one call from an idle kiosk to an idle kiosk."""
    began = time.monotonic()
    try:
        site.agent.wait_for("WAITING", READY_S)
        site.kiosk.wait_for("IDLE", READY_S)
        why = _talk(site, trouble)
        site.all_is_well()
        site.kiosk.press("hangup")
        site.kiosk.wait_until(
            lambda now: now["state"] == "IDLE" and now["devices"] == CLOSED,
            "idle, its devices closed",
            READY_S,
        )
        result = ENDED if why else WHOLE
    except (AssertionError, ControlError) as error:
        site.all_is_well()
        result, why = FAILED, str(error)
    return Outcome(result, why, time.monotonic() - began)


def _talk(site: Site, trouble: Trouble) -> str:
    """Call, with a trouble on the way; return why the kiosk ended it, if it did."""
    if trouble.when is When.BEFORE:
        trouble.befall(site)
    site.kiosk.press("call")
    if trouble.when is When.ENTERING:
        trouble.befall(site)
    reason = _seen_or_over(site)
    if not reason and trouble.when is When.TALKING:
        trouble.befall(site)
        reason = _seen_or_over(site)
    return reason


def _seen_or_over(site: Site) -> str:
    """Wait until both see each other anew, or the call is over: return why then."""
    parties = (site.kiosk, site.agent)
    least: dict[str, int] = {}
    seen: dict[str, int] = {}
    deadline = time.monotonic() + SEEN_S
    while len(seen) < len(parties) or min(seen.values()) < PICTURES:
        for party in parties:
            now = party.status()
            if party is site.kiosk and now["state"] in OVER:
                return str(now["reason"] or now["state"])
            if now["state"] == "IN_CALL" and now["play"]:
                shown = int(now["play"][0]["pictures_shown"])
                least[party.name] = min(least.get(party.name, shown), shown)
                seen[party.name] = shown - least[party.name]
        assert time.monotonic() < deadline, (
            f"not seen by both within {SEEN_S:g} s but {seen}:\n"
            f"{site.kiosk.said_by_all}"
        )
        time.sleep(_LOOK_S)
    return ""
