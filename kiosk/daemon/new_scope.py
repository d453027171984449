"""A call's resources put together: its peers and its scope, with the daemon's own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from kiosk import ports
from kiosk.call import events as ev
from kiosk.daemon.face import Face
from kiosk.daemon.outside import Outside
from kiosk.daemon.peers import Peers
from kiosk.daemon.record_keeper import RecordKeeper
from kiosk.daemon.reference import reference_of
from kiosk.daemon.scope import CallScope
from kiosk.daemon.settings import DaemonSettings
from kiosk.daemon.timings import Timings
from kiosk.daemon.work import Work


log = logging.getLogger(__name__)


def new_scope(
    call: int,
    *,
    pressed_at: int,
    outside: Outside,
    settings: DaemonSettings,
    face: Face,
    work: Work,
    post: Callable[[ev.Event], None],
    on_text: Callable[[ports.TextReceived], None],
    on_device: Callable[[str, str], None],
) -> CallScope:
    """
    Return the scope of a call that begins.

    Args:
        call: Its ordinal.
        pressed_at: When the button was pressed, in microseconds.
        outside: What the call uses.
        settings: Of the daemon.
        face: Shows who is there.
        work: Takes the call's tasks.
        post: Gets the events.
        on_text: Gets text messages.
        on_device: Gets a device that fails in the call, and why.

    """
    timings = Timings(call_pressed_us=pressed_at)

    def renew_url(user_id: str) -> None:
        work.begin(partial(scope.renew_url, user_id))

    peers = Peers(
        call,
        clock=outside.clock,
        timings=timings,
        post=post,
        on_text=on_text,
        on_changed=face.refresh,
        on_received=face.show_received,
        on_first_picture=face.tell_first_picture,
        on_url_used_up=renew_url,
        on_device=on_device,
        on_air=settings.broadcasts,
    )
    scope = CallScope(
        call,
        room=outside.room,
        media=outside.media,
        clock=outside.clock,
        timings=timings,
        peers=peers,
        keeper=RecordKeeper(
            call, outside.clock, timings, reference_of(outside.scatter())
        ),
        post=post,
        queue_s=settings.queue_s,
        notices=settings.notices,
        replies=settings.replies,
        still_words=settings.still_words,
        scatter=outside.scatter,
        volume=outside.volume,
    )
    log.info("call began", extra={"call": call, "reference": scope.keeper.reference})
    return scope
