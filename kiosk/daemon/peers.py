"""
The others in the room: who is there, who is shown, who is silent.

Turns notices of the room and facts of the media threads into events of the
call; sums several peers up, so that the machine only hears what changes a call.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from kiosk import ports
from kiosk.call import events as ev
from kiosk.call.events import Standing
from kiosk.daemon.timings import Timings
from kiosk.ports import Clock, Layer, Peer, Received, Tile


log = logging.getLogger(__name__)

_LAYERS = (Layer.BASE, Layer.SECOND, Layer.THIRD)
_OfTheRoom = (
    ports.RoomClosed
    | ports.TextReceived
    | ports.StreamForgotten
    | ports.RecordingChanged
)


class Peers:
    """
    The peers of one call.

    Args:
        call: The call's ordinal, for the events.
        clock: Stamps the timings.
        timings: Of the call.
        post: Gets the events.
        on_text: Gets text messages.
        on_changed: Called when a screen of the call reads differently.
        on_received: Called when something else comes from a peer.
        on_first_picture: Gets the user_id whose picture is shown first.
        on_url_used_up: Gets the user_id whose stream needs a fresh URL.
        on_device: Gets a device that fails, why, and that it works again (empty).
        on_air: Whether we broadcast: then there is nobody to be played.

    """

    def __init__(
        self,
        call: int,
        *,
        clock: Clock,
        timings: Timings,
        post: Callable[[ev.Event], None],
        on_text: Callable[[ports.TextReceived], None],
        on_changed: Callable[[], None],
        on_received: Callable[[], None],
        on_first_picture: Callable[[str], None],
        on_url_used_up: Callable[[str], None],
        on_device: Callable[[str, str], None],
        on_air: bool = False,
    ) -> None:
        self._call = call
        self._clock = clock
        self._timings = timings
        self._post = post
        self._on_text = on_text
        self._on_changed = on_changed
        self._on_received = on_received
        self._on_first_picture = on_first_picture
        self._on_url_used_up = on_url_used_up
        self._on_device = on_device
        self._started: set[str] = set()
        self._silent: set[str] = set()
        self._with_picture: set[str] = set()
        self._loudest = ""
        self._layers: dict[str, Layer] = {}
        self._entered = False
        self._early: list[ports.RoomNotice] = []
        self.known: dict[str, Peer] = {}
        self.on_air = on_air
        self.is_recorded = False

    @property
    def with_picture(self) -> bool:
        """False when nothing but sound comes from those who are presented."""
        return not self._presented or bool(self._presented & self._with_picture)

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """Those who are being played, in the order they came."""
        return tuple(
            Tile(
                peer.name or user_id,
                self._layers[user_id],
                self.received(user_id),
                is_loudest=self.is_loudest(user_id),
            )
            for user_id, peer in self.known.items()
            if user_id in self._layers
        )

    def received(self, user_id: str) -> Received:
        """Return what comes from a peer."""
        if user_id not in self._started:
            return Received.NOTHING_YET
        if user_id in self._silent:
            return Received.SILENCE
        has_picture = user_id in self._with_picture
        return Received.PICTURE if has_picture else Received.SOUND

    def is_loudest(self, user_id: str) -> bool:
        """Say whether a peer talks, and of all the others loudest."""
        return user_id == self._loudest

    @property
    def standing(self) -> Standing:
        """How far the call has come, for a stream that was moved."""
        if self.on_air:
            return Standing.ON_AIR
        if not self.known:
            return Standing.ALONE
        if not self._presented:
            return Standing.UNSEEN
        return Standing.SILENT if self._are_silent else Standing.SEEN

    @property
    def _presented(self) -> set[str]:
        return set(self.known) & self._started

    @property
    def _are_silent(self) -> bool:
        """Whether nothing comes any more from anybody who was presented."""
        return bool(self._presented) and self._presented <= self._silent

    @property
    def unplaced(self) -> tuple[str, ...]:
        """Those who have no layer (yet)."""
        return tuple(one for one in self.known if one not in self._layers)

    def layer_of(self, user_id: str) -> Layer | None:
        """Return the layer a peer is shown on, always the same; None: all are taken."""
        if user_id not in self._layers:
            free = [layer for layer in _LAYERS if layer not in self._layers.values()]
            if not free:
                return None
            self._layers[user_id] = free[0]
            self._on_received()
        return self._layers[user_id]

    def forget(self, user_id: str) -> None:
        """Free the layer of a peer that is no longer shown."""
        self._layers.pop(user_id, None)
        self._started.discard(user_id)
        self._silent.discard(user_id)

    def enter(self) -> None:
        """Begin to post: we are in the room. Earlier notices come now."""
        self._entered = True
        for early in self._early:
            self.notice(early)
        self._early.clear()

    def notice(self, notice: ports.RoomNotice) -> None:
        """Take one notice of the room; those before :meth:`enter` wait for it."""
        if not self._entered:
            self._early.append(notice)
            return
        if self.on_air and not isinstance(notice, _OfTheRoom):
            return  # whoever else publishes there is nobody we play
        match notice:
            case ports.PeerJoined(peer):
                self._meet(peer)
                self._post(ev.PeerJoined(self._call, peer.user_id))
            case ports.PeerMoved(peer):
                self._meet(peer)
                self._post(ev.PeerMoved(self._call, peer.user_id))
            case ports.PeerLeft(user_id, hung_up):
                self._part(user_id, hung_up=hung_up)
            case ports.PeerStreamLost(user_id):
                # Whoever hangs up closes the stream first: the player says within
                # a second whether it was that, and no screen flashes up for it.
                log.info("peer's stream lost at the relay", extra={"user": user_id})
            case _:
                self._notice_of_room(notice)

    def _notice_of_room(self, notice: _OfTheRoom) -> None:
        match notice:
            case ports.RoomClosed(_, room_ended=True):
                self._post(ev.RoomEnded(self._call))
            case ports.RoomClosed(reason):
                self._post(ev.RoomClosed(self._call, reason))
            case ports.TextReceived():
                self._on_text(notice)
            case ports.StreamForgotten():
                # As good as lost: nobody is told any more where it is to be played.
                self._post(ev.PushLost(self._call, "R005 our stream was forgotten"))
            case ports.RecordingChanged(is_on):
                self.is_recorded = is_on
                self._on_changed()

    def hear(self, fact: ports.MediaFact) -> None:
        """Take one fact of the media threads."""
        match fact:
            case ports.PeerStarted(user_id, with_picture):
                self._start(user_id, with_picture=with_picture)
            case ports.PeerSilent(user_id):
                self._silence(user_id)
            case ports.PeerResumed(user_id):
                self._silent.discard(user_id)
                self._post(ev.PeersResumed(self._call))
                self._on_received()
            case ports.LoudestChanged(user_id):
                self._loudest = user_id
                self._on_received()
            case ports.PlayLost(user_id, reason):
                log.info("peer not played", extra={"user": user_id, "reason": reason})
            case ports.PlayUrlUsedUp(user_id):
                self._on_url_used_up(user_id)
            case _:
                self._hear_of_ours(fact)

    def _hear_of_ours(
        self, fact: ports.PushLost | ports.CaptureLost | ports.CaptureBack
    ) -> None:
        match fact:
            case ports.PushLost(reason):
                self._post(ev.PushLost(self._call, reason))
            case ports.CaptureLost(device, reason):
                # The call goes on without it, and it is tried again: no reason to
                # hang up on the agent.
                named = reason if reason.startswith(device) else f"{device}: {reason}"
                self._on_device(device, f"D002 {named}")
            case ports.CaptureBack(device):
                self._on_device(device, "")

    def _meet(self, peer: Peer) -> None:
        self.known[peer.user_id] = peer
        if not self._timings.peer_known_us:
            self._timings.peer_known_us = self._clock.now()
        self._on_changed()

    def _part(self, user_id: str, *, hung_up: bool) -> None:
        if self.known.pop(user_id, None) is None:
            return
        self._post(ev.PeerLeft(self._call, user_id))
        if not self.known:
            gone = ev.PeersHungUp if hung_up else ev.PeersExpired
            self._post(gone(self._call))
            return
        self._on_changed()
        if self._are_silent:
            self._post(ev.PeersSilent(self._call))

    def _start(self, user_id: str, *, with_picture: bool) -> None:
        self._started.add(user_id)
        self._silent.discard(user_id)
        self._with_picture.discard(user_id)
        if with_picture:
            self._with_picture.add(user_id)
        if with_picture and not self._timings.first_picture_us:
            self._timings.first_picture_us = self._clock.now()
            self._on_first_picture(user_id)
        self._post(ev.PeerStarted(self._call))
        self._on_received()

    def _silence(self, user_id: str) -> None:
        self._silent.add(user_id)
        if self._are_silent:
            self._post(ev.PeersSilent(self._call))
        self._on_received()
