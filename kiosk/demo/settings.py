"""
The configuration files of the server and the two parties. Pure: names in, TOML out.

What a setting is for stands in ``config/kiosk.toml``; here only what makes a
demonstration: one room, two roles, short farewells.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kiosk.agentdesk.passwords import new_hash
from kiosk.demo.options import DemoOptions


ROOM = "service"
AGENT = "agent"
"""Who logs in at the desk."""
_ENDED_S = 1.0
_ANY_PORT = "127.0.0.1:0"


@dataclass(frozen=True, slots=True)
class Place:
    """The directory of one demonstration, and what each party keeps in it."""

    root: Path

    def config(self, party: str) -> Path:
        """Return the path of a party's configuration."""
        return self.root / f"{party}.toml"

    def socket(self, party: str) -> Path:
        """Return the path of a party's control socket."""
        return self.root / f"{party}.sock"

    def log(self, party: str) -> Path:
        """Return the path of what a party writes to stderr."""
        return self.root / f"{party}.log"

    def framebuffer(self, party: str) -> Path:
        """Return the path of a party's picture."""
        return self.root / f"{party}.fb"


def server_toml(agents: Path | None = None) -> str:
    """
    Write the room server's configuration: it takes free ports, and keeps nothing.

    Args:
        agents: Who has a password at its agent desk; without it there is no desk.

    """
    desk = {"desk": {"http": _ANY_PORT, "agents": str(agents)}} if agents else {}
    return _toml(
        {
            "server": {"http": _ANY_PORT, "rtmp": _ANY_PORT},
            "store": {"path": "off"},
            **desk,
        }
    )


def agents_toml(password: str, salt: bytes) -> str:
    """Write the desk's file of agents: :data:`AGENT`, with this password."""
    kept = str(new_hash(password, salt))
    return _toml({AGENT: {"name": "You", "password": kept}})


def agent_toml(place: Place, server: str, options: DemoOptions) -> str:
    """Write the agent's configuration; ``server`` is the room service's URL."""
    return _toml(
        {
            "kiosk": {"name": "Agent"},
            "room": {
                "server": server,
                "target": [ROOM],
                "create": True,
                "user_name": "Agent",
            },
            "call": {"role": "agent", "ended_s": _ENDED_S},
            "camera": {"device": options.camera, "preset": options.preset},
            **_surroundings(place, "agent"),
        }
    )


def kiosk_toml(place: Place, server: str, options: DemoOptions, desk: str = "") -> str:
    """Write the kiosk's configuration; ``server`` is the room service's URL."""
    return _toml(
        {
            "kiosk": {"name": "Kiosk"},
            "room": {"server": server, "target": [ROOM], "user_name": "Kiosk"},
            "call": {"role": "kiosk", "ended_s": _ENDED_S},
            "camera": {"device": "synthetic", "preset": options.preset},
            **_surroundings(place, "kiosk", attended=options.seconds is None),
            **({"simulator": {"desk": desk}} if desk else {}),
        }
    )


def _surroundings(
    place: Place, party: str, *, attended: bool = False
) -> dict[str, dict[str, object]]:
    return {
        "display": {
            "device": "simulator" if attended else "headless",
            "framebuffer": str(place.framebuffer(party)),
        },
        "control": {"socket": str(place.socket(party))},
        "log": {"level": "warning"},
    }


def _toml(sections: Mapping[str, Mapping[str, object]]) -> str:
    lines: list[str] = []
    for name, keys in sections.items():
        lines.append(f"[{name}]")
        # JSON's texts, numbers, truth values and lists of texts are TOML's.
        lines += [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    return "\n".join(lines) + "\n"
