"""
One right value for each setting: for messages about wrong ones, and for the schema.

A setting's default is its example, unless it has none, or another one tells more.  A
test holds them against the models.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kiosk.config.section import Section, sections
from kiosk.config.toml_text import toml_value


_STREAM: Final = "rtmps://media.example.org/live/{stream}"
_TABLE: Final[Mapping[str, Mapping[str, object]]] = {
    "attract": {"pictures": "/var/lib/kiosk/pictures"},
    "branding": {
        "name": "Sample Bank",
        "logo": "/etc/kiosk/logo.png",
        "accent": "#1e63b8",
    },
    "buttons": {
        "device": "gpiozero",
        "call": 17,
        "hangup": 27,
        "mute": 22,
        "volume_up": 5,
        "volume_down": 6,
        "door": 13,
        "chip": "pinctrl-rp1",
        "active_low": True,
    },
    "call": {"replies": ("One moment, please.", "*hear me* => Yes.")},
    "calls": {"directory": "/var/lib/kiosk/calls"},
    "camera": {"device": "v4l2", "bitrate_kbps": 800},
    "desk": {
        "http": "127.0.0.1:8090",
        "agents": "/etc/kiosk/agents.toml",
        "agent_header": "X-Forwarded-User",
        "ca_file": "/etc/kiosk/tls/ca.pem",
    },
    "display": {
        "device": "drm",
        "connector": "HDMI-A-1",
        "mode": "1280x720@60",
        "diagonal_inches": 15.6,
        "framebuffer": "/dev/shm/kiosk.fb",  # noqa: S108 -- an example
        "page_cache": "/var/cache/kiosk/pages",
    },
    "enrolment": {"file": "/etc/kiosk/enrolled.toml"},
    "fleet": {"serial": "branch-12-door"},
    "hours": dict.fromkeys(
        ("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "09:00-12:30,13:30-17:00"
    ),
    "im": {"path": "/im", "private_key": "/etc/kiosk/im.pem"},
    "indicators": {
        "device": "gpiozero",
        "camera_open": 23,
        "microphone_open": 24,
        "muted": 25,
        "in_call": 12,
        "fault": 16,
        "on_air": 20,
        "chip": "pinctrl-rp1",
    },
    "kiosk": {
        "branch": "Zurich, Main Street",
        "languages": ("zh_CN", "zh_TW"),
        "support_phone": "400-123 4567",
        "time_zone": "Asia/Shanghai",
    },
    "media": {
        "push_url": _STREAM,
        "play_url": _STREAM,
        "control_url": "http://127.0.0.1:8081/control",
    },
    "metrics": {"listen": "127.0.0.1:9110"},
    "microphone": {"device": "alsa", "level": 80},
    "mixing": {"app_id": 1_250_000_000},
    "network": {
        "ca_file": "/etc/kiosk/ca.pem",
        "pins": ("sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",),
        "certificate": "/etc/kiosk/kiosk.pem",
        "key": "/etc/kiosk/kiosk.key",
        "proxy": "http://proxy.example.org:3128",
        "proxy_user": "branch-12",
        "no_proxy": ("branch.example.org", "10.0.0.0/8"),
    },
    "operators": {"log_folder": "/var/log/kiosk-server"},
    "prompts": {"folder": "/var/lib/kiosk/prompts"},
    "recorder": {
        "url": "rtmps://recorder.example.org/live/{room}-{user}",
        "ca_file": "/etc/kiosk/recorder-ca.pem",
    },
    "room": {
        "server": "https://rooms.example.org",
        "user_id": "kiosk-7",
        "user_name": "Kiosk, Main Street",
    },
    "server": {
        "public_host": "rooms.example.org",
        "public_rtmp": "rooms.example.org:443",
        "trusted_proxies": ("127.0.0.1/32",),
    },
    "simulator": {"desk": "http://localhost:8090"},
    "speaker": {"device": "alsa", "headset": "alsa:usb:1-1.4", "level": 80},
    "store": {
        "path": "/srv/kiosk/rooms.db",
        "url": "rediss://store.example.org:6380/0",
        "ca_file": "/etc/kiosk/store-ca.pem",
    },
    "television": {
        "url": "rtmps://tv.example.org/live/branch",
        "room": "Branch TV",
    },
    "texts": {
        "en": {"idle.title": "Video counter"},
        "zh_CN": {"idle.title": "视频柜台"},
        "zh_TW": {"idle.title": "視訊櫃檯"},
    },
    "provision": {"url": "https://fleet.example.org/kiosk/{serial}.tar"},
    "update": {"url": "https://updates.example.org/kiosk"},
    "tls": {
        "certificate": "/etc/kiosk/tls/server.pem",
        "key": "/etc/kiosk/tls/server.key",
    },
}


def example_value(model: type[Section], section: str, key: str) -> object:
    """Return a right value of a setting; None where the schema has no such setting."""
    told = _TABLE.get(section, {}).get(key)
    if told is not None:
        return told
    inner = sections(model).get(section)
    field = inner.model_fields.get(key) if inner is not None else None
    value = None if field is None or field.is_required() else field.default
    return int(value) if isinstance(value, float) and value.is_integer() else value


def example_line(model: type[Section], section: str, key: str) -> str:
    """Return a right line for a setting, or nothing where there is no example."""
    value = example_value(model, section, key)
    return "" if value is None else f"{key} = {toml_value(value)}"
