"""
What people see of the daemon: the screen, and the events it tells.

Its lamps are in :mod:`kiosk.daemon.lamps`.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, Self

from kiosk import ports
from kiosk.call.machine import CallMachine
from kiosk.call.states import CALL_STATES
from kiosk.daemon.outside import Outside
from kiosk.daemon.scope import CallScope
from kiosk.daemon.settings import DaemonSettings
from kiosk.ports import (
    Inspection,
    Micros,
    Quality,
    ScreenFacts,
    ScreenName,
    StillScene,
)


_SUBSCRIBER_LIMIT = 100


class Subscription:
    """
    Events for one reader: bounded, and the newest win when it is slow.

    Args:
        among: Whom it joins now and leaves at ``aclose``.

    """

    def __init__(self, among: set[Subscription]) -> None:
        self._among = among
        self._mailbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue(_SUBSCRIBER_LIMIT)
        among.add(self)

    def put(self, event: dict[str, Any]) -> None:
        """Keep an event, in the place of the oldest if there is no other."""
        if self._mailbox.full():
            self._mailbox.get_nowait()
        self._mailbox.put_nowait(event)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> dict[str, Any]:
        return await self._mailbox.get()

    async def aclose(self) -> None:
        """Keep nothing any more; safe to repeat."""
        self._among.discard(self)


class Face:
    """Keeps the screen and its facts; shows them whenever one changes."""

    def __init__(
        self, machine: CallMachine, outside: Outside, settings: DaemonSettings
    ) -> None:
        self._machine = machine
        self._clock = outside.clock
        self._screens = outside.screens
        self._volume = outside.volume
        self._blank = ScreenFacts(
            insecure=settings.insecure, broadcasts=settings.broadcasts
        )
        self._subscribers: set[Subscription] = set()
        self.scope: CallScope | None = None
        self.screen = ScreenName.STARTING
        self.facts = self._blank
        self._talking: Micros | None = None
        self.last_reason = ""
        self._inspection: Inspection | None = None

    @property
    def is_covered(self) -> bool:
        """Whether the technician's page lies over the screen."""
        return self._inspection is not None

    @property
    def shown(self) -> ScreenName:
        """What is on the display."""
        return ScreenName.TECHNICIAN if self.is_covered else self.screen

    def cover(self, inspection: Inspection) -> None:
        """Lay the technician's page over the screen."""
        self._inspection = inspection
        self.refresh()

    def uncover(self) -> None:
        """Show the screen again; safe to repeat."""
        if self.is_covered:
            self._inspection = None
            self.refresh()

    def begin_call(self, scope: CallScope) -> None:
        """Forget what was shown of the last call, but for the language."""
        self.scope = scope
        self.facts = replace(self._blank, language=self.facts.language)
        self._talking = None

    def show(
        self, screen: ScreenName, reason: str = "", position: int | None = None
    ) -> None:
        """Put a screen on the display and tell the subscribers."""
        if screen is ScreenName.IDLE:
            self.facts = self._blank
            self._volume.reset()
        if self._machine.state in CALL_STATES:
            self._inspection = None
        self.last_reason = reason or self.last_reason
        self.screen = screen
        now = self._clock.now()
        since = self._talking_since(now) if screen is ScreenName.IN_CALL else now
        self.facts = replace(
            self.facts,
            reason=reason,
            position=position,
            since=since,
            talked_us=Micros(now - self._talking if self._talking is not None else 0),
            reference=self.scope.keeper.reference if self.scope else "",
        )
        self.refresh()
        self.tell(
            {
                "event": "state",
                "state": self._machine.state.name,
                "screen": screen.value,
                "reason": reason,
                "at_us": now,
            }
        )

    def _talking_since(self, now: Micros) -> Micros:
        # The timer counts the call, cuts included, not the time since the last cut.
        if self._talking is None:
            self._talking = now
        return self._talking

    def refresh(self) -> None:
        """Show the same screen with the facts as they are now."""
        scope = self.scope
        peers = scope.peers.known.values() if scope else ()
        self.facts = replace(
            self.facts,
            peer_name=", ".join(peer.name for peer in peers),
            muted=self._machine.muted,
            with_picture=scope.peers.with_picture if scope else True,
            quality=scope.keeper.quality if scope else Quality.GOOD,
            tiles=scope.peers.tiles if scope else (),
            recording=scope.peers.is_recorded if scope else False,
        )
        found = self._inspection or ()
        self._screens.show(self.shown, replace(self.facts, inspection=found))

    def show_received(self) -> None:
        """Show what comes from the others, where the screen depends on it."""
        several = self.scope is not None and len(self.scope.peers.known) > 1
        if self.screen is ScreenName.RECONNECTING or (
            several and self.screen is ScreenName.IN_CALL
        ):
            self.refresh()

    def read(self, message: ports.TextReceived) -> None:
        """Show a text message and tell the subscribers."""
        several = self.scope is not None and len(self.scope.peers.known) > 1
        text = f"{message.name}: {message.text}" if several else message.text
        self.facts = replace(self.facts, text=text)
        self.refresh()
        self.tell(
            {
                "event": "text",
                "user_id": message.user_id,
                "name": message.name,
                "text": message.text,
            }
        )

    def speak(self, language: str) -> None:
        """Show the screens in a language; empty is the kiosk's own."""
        if language != self.facts.language:
            self.facts = replace(self.facts, language=language)
            self.refresh()
            self.tell({"event": "language", "language": language})

    def show_volume(self, volume: tuple[int, int] | None) -> None:
        """Show the volume that was just turned, or no longer."""
        if volume != self.facts.volume:
            self.facts = replace(self.facts, volume=volume)
            self.refresh()

    def show_television(self, there: bool) -> None:  # noqa: FBT001 -- a callback's
        """Show the idle screen over a live stream, or by itself."""
        self.facts = replace(self.facts, television=there)
        self.refresh()

    def show_display_missing(self, missing: bool) -> None:  # noqa: FBT001 -- a fact
        """Tell whoever listens; draw all again when it is back."""
        self.tell({"event": "display", "missing": missing})
        if not missing:
            self.refresh()

    def show_device(self, device: str, reason: str) -> None:
        """Say in the call why a device of it fails, or no more."""
        lost = bool(reason)
        self.tell({"event": "device", "device": device, "lost": lost, "reason": reason})
        if device == "camera":
            self.facts = replace(self.facts, camera_lost=lost)
        elif device == "microphone":
            self.facts = replace(self.facts, microphone_lost=lost)
        elif device == "speaker":
            self.facts = replace(self.facts, speaker_lost=lost)
        self.refresh()

    def ask_for_still(self, user_id: str) -> None:
        """Show that a peer asks for a still picture."""
        peer = self.scope.peers.known.get(user_id) if self.scope else None
        asked_by = peer.name if peer else ""
        self.facts = replace(self.facts, asked_by=asked_by)
        self.say_of_still(StillScene.ASKED)

    def say_of_still(self, scene: StillScene) -> None:
        """Show how it stands with a still picture."""
        self.facts = replace(self.facts, still=scene)
        self.refresh()

    def tell_first_picture(self, user_id: str) -> None:
        """Tell the subscribers that a peer is on the display."""
        now = self._clock.now()
        self.tell({"event": "first_picture", "user_id": user_id, "at_us": now})

    def tick(self) -> None:
        """Redraw what changes with time."""
        if self.scope is not None and self.scope.keeper.quality != self.facts.quality:
            self.refresh()
        self._screens.tick()

    def subscribe(self) -> Subscription:
        """Begin to keep events for one reader, from this very call on."""
        return Subscription(self._subscribers)

    def tell(self, event: dict[str, Any]) -> None:
        """Give an event to every subscriber; never waits."""
        for subscription in self._subscribers:
            subscription.put(event)
