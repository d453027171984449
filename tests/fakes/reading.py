"""What a party of a call reads: the text messages it was sent."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator

from tests.fakes.programs import Party


@contextlib.contextmanager
def texts_to(party: Party, silence_s: float = 10.0) -> Iterator[queue.Queue[str]]:
    """Collect the first text message that a party tells on its event stream."""
    events = party.control.events(silence_s=silence_s)
    texts: queue.Queue[str] = queue.Queue()

    def listen() -> None:
        for event in events:
            if event["event"] == "text":
                texts.put(f"{event['name']}: {event['text']}")
                return

    listener = threading.Thread(target=listen, name="listener")
    listener.start()
    yield texts
    listener.join(10.0)
