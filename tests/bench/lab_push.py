"""A push of ours over a link of the network lab, and two who watch it behind the relay."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.bench.links import Series
from tests.bench.processes import first_line, our_module, running
from tests.lab.network import Network, network


END_S = 1.0
"""For how long it is watched beyond what was asked: none of that is judged."""

_BEGIN_S = 1.0


@dataclass(frozen=True, slots=True)
class LabPush:
    """A stream on its way through the lab, and who watches it."""

    lab: Network
    publisher: subprocess.Popen[bytes]
    reader: subprocess.Popen[bytes]
    player: subprocess.Popen[bytes]

    def results(self) -> tuple[Series, dict[str, Any], list[dict[str, Any]]]:
        """Wait for the ends: ages when decoded, the player's and pusher's words."""
        decoded = first_line(self.reader)["series"]
        played = first_line(self.player)
        assert self.publisher.stdout is not None
        return decoded, played, json.loads(self.publisher.stdout.readline())


@contextlib.contextmanager
def push_over(
    seconds: float, *options: object, link: Mapping[str, float]
) -> Generator[LabPush]:
    """Begin a push that is watched for so long, over a link without losses."""
    watched = seconds + END_S
    with contextlib.ExitStack() as stack:
        lab = stack.enter_context(network())
        lab.change(**link)

        def start(command: list[str]) -> subprocess.Popen[bytes]:
            return stack.enter_context(running(*command))

        relay = start(lab.far.command(*our_module("bare_relay", lab.far.address)))
        url = f"{first_line(relay)['rtmp']}/lab"
        pushing = our_module("our_publisher", url, watched + _BEGIN_S + 2, *options)
        publisher = start(lab.near.command(*pushing))
        time.sleep(_BEGIN_S)
        readers = [
            start(lab.far.command(*our_module(name, url, watched)))
            for name in ("far_reader", "far_player")
        ]
        yield LabPush(lab, publisher, *readers)
