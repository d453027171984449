"""The daemon's share of a kiosk's configuration."""

from __future__ import annotations

from urllib.parse import urlsplit

from kiosk.app.appearance import texts_in
from kiosk.app.room_service import asked_url
from kiosk.app.told import notices_in, still_words_in
from kiosk.call.events import Timer
from kiosk.call.states import Role
from kiosk.config.schema import KioskConfig
from kiosk.config.synthetic import synthetic_devices
from kiosk.config.values import parse_reply
from kiosk.daemon.replies import Reply
from kiosk.daemon.settings import DaemonSettings
from kiosk.room.messages import RoomType
from kiosk.room.still_requests import ANSWER_S


def settings_of(config: KioskConfig) -> DaemonSettings:
    """Return the daemon's share of the configuration."""
    call = config.call
    role = Role(call.role)
    texts = texts_in(config, config.kiosk.language)
    return DaemonSettings(
        role=role,
        durations_s={
            Timer.CONSENT: call.consent_s,
            Timer.RESERVE: call.reserve_s,
            Timer.PUBLISH: call.publish_s,
            # An agent's kiosk waits for customers, as long as it takes.
            Timer.ANSWER: call.answer_s if role is Role.KIOSK else None,
            Timer.PICTURE: call.picture_s,
            Timer.RECONNECT: call.reconnect_s,
            Timer.GRACE: call.grace_s,
            Timer.CHIME: call.chime_s,
            Timer.STILL: ANSWER_S,
            Timer.ENDED: call.ended_s,
        },
        insecure=config.network.insecure,
        synthetic=synthetic_devices(config),
        patience_s=config.kiosk.late_devices_s,
        needs_display=config.display.without == "refuse",
        notices=notices_in(texts) if call.notices else {},
        replies=tuple(map(_reply, call.replies)),
        needs_time=urlsplit(asked_url(config)).scheme == "https",
        broadcasts=config.room.type == RoomType.LIVE.value,
        still_words=still_words_in(texts),
        consent=call.consent,
        languages=config.kiosk.spoken,
        hold_s=config.buttons.long_press_s,
    )


def _reply(configured: str) -> Reply:
    pattern, text = parse_reply(configured)
    return Reply(text, pattern)
