"""A relay on a real socket with publishers and players at hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from kiosk.roomserver.relay import Relay
from kiosk.roomserver.relay_terms import Permit, Refusal, RelayLimits


@dataclass
class Station:
    """A relay that listens, with a key and a diary."""

    relay: Relay
    diary: list[str] = field(default_factory=list)
    port: int = 0

    def url(self, name: str = "kiosk-7", key: str = "right") -> str:
        return f"rtmp://127.0.0.1:{self.port}/live/{name}?txSecret={key}"


def refuse_wrong_key(app: str, name: str, query: str) -> Permit | Refusal:
    right = (app, query) == ("live", "txSecret=right")
    return (lambda: "") if right else Refusal("the key is wrong")


@asynccontextmanager
async def station(limits: RelayLimits | None = None) -> AsyncIterator[Station]:
    diary: list[str] = []
    relay = Relay(
        authorize_publish=refuse_wrong_key,
        authorize_play=refuse_wrong_key,
        on_stream_started=lambda name: diary.append(f"started {name}"),
        on_stream_ended=lambda name: diary.append(f"ended {name}"),
        limits=limits or RelayLimits(),
    )
    async with relay.serve("127.0.0.1", 0) as (_, port):
        yield Station(relay, diary, port)
