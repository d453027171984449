"""
What people see of the daemon: screen, lamps, and the events it tells.

Lamps follow what the adapters observe, not what the daemon believes.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, Self

from kiosk import ports
from kiosk.call.machine import CallMachine
from kiosk.call.states import State
from kiosk.daemon.outside import Outside
from kiosk.daemon.scope import CallScope
from kiosk.daemon.settings import DaemonSettings
from kiosk.ports import Indicator, Micros, ScreenFacts, ScreenName, StillScene


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
        self._indicators = outside.indicators
        self._observe = outside.observe
        self._blank = ScreenFacts(
            insecure=settings.insecure, broadcasts=settings.broadcasts
        )
        self._subscribers: set[Subscription] = set()
        self.scope: CallScope | None = None
        self.screen = ScreenName.STARTING
        self.facts = self._blank
        self._talking: Micros | None = None

    def begin_call(self, scope: CallScope) -> None:
        """Forget what was shown of the last call."""
        self.scope = scope
        self.facts = self._blank
        self._talking = None

    def show(
        self, screen: ScreenName, reason: str = "", position: int | None = None
    ) -> None:
        """Put a screen on the display and tell the subscribers."""
        if screen is ScreenName.IDLE:
            self.facts = self._blank
        self.screen = screen
        now = self._clock.now()
        since = self._talking_since(now) if screen is ScreenName.IN_CALL else now
        self.facts = replace(self.facts, reason=reason, position=position, since=since)
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
            is_poor=scope.keeper.is_poor if scope else False,
            tiles=scope.peers.tiles if scope else (),
        )
        self._screens.show(self.screen, self.facts)

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

    def show_television(self, there: bool) -> None:  # noqa: FBT001 -- a callback's
        """Show the idle screen over a live stream, or by itself."""
        self.facts = replace(self.facts, television=there)
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
        if self.scope is not None and self.scope.keeper.is_poor != self.facts.is_poor:
            self.refresh()
        self._screens.tick()
        self.light()

    def light(self) -> None:
        """Set every lamp to what is observed."""
        seen = self._observe()
        state = self._machine.state
        for indicator, lit in (
            (Indicator.CAMERA_OPEN, seen.camera),
            (Indicator.MICROPHONE_OPEN, seen.microphone),
            (Indicator.MUTED, self._machine.muted),
            (Indicator.IN_CALL, state is State.IN_CALL),
            (Indicator.FAULT, state is State.OUT_OF_SERVICE),
            (Indicator.ON_AIR, state is State.BROADCASTING),
        ):
            self._indicators.set(indicator, lit=lit)

    def subscribe(self) -> Subscription:
        """Begin to keep events for one reader, from this very call on."""
        return Subscription(self._subscribers)

    def tell(self, event: dict[str, Any]) -> None:
        """Give an event to every subscriber; never waits."""
        for subscription in self._subscribers:
            subscription.put(event)
