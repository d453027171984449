"""
``/metrics`` in Prometheus' text format 0.0.4, written by hand.

The format is forty lines; the client library would be a dependency with
process-wide state.  Pure.  Source: Prometheus, "Exposition formats".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from kiosk.roomserver.access import BUCKETS_S, Traffic
from kiosk.roomserver.console_view import ProcessView, ServerView
from kiosk.roomserver.recorder_terms import TeeState
from kiosk.roomserver.store_ledger import StoreLoad


CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_Sample = tuple[Mapping[str, str], float]


def exposition(view: ServerView, process: ProcessView) -> bytes:
    """Return the page a Prometheus server reads."""
    lines = [*_rooms(view), *_streams(view), *_recorder(view)]
    lines += _requests(view.traffic)
    lines += [*_store(view.store), *_fleet(view), *_beside(view), *_process(process)]
    return ("\n".join(lines) + "\n").encode("utf-8")


def _rooms(view: ServerView) -> Iterator[str]:
    rooms = Counter(room.room_type for room in view.rooms)
    members: Counter[str] = Counter()
    for room in view.rooms:
        members[room.room_type] += len(room.members)
    yield from _family("kiosk_rooms", "gauge", "Rooms.", _by("type", rooms))
    yield from _family("kiosk_members", "gauge", "Members.", _by("type", members))
    yield from _gauge("kiosk_long_polls", "Members waiting.", view.polls)


def _streams(view: ServerView) -> Iterator[str]:
    streams = view.streams
    for name, text, value in (
        ("live", "Streams with a publisher.", sum(s.stats.is_live for s in streams)),
        ("players", "Subscribers.", sum(s.stats.subscribers for s in streams)),
        ("received_bps", "Bits a second in.", sum(s.received_bps for s in streams)),
        ("sent_bps", "Bits a second out.", sum(s.sent_bps for s in streams)),
    ):
        yield from _gauge(f"kiosk_stream_{name}", text, value)


def _recorder(view: ServerView) -> Iterator[str]:
    tees = [stream.tee for stream in view.streams if stream.tee is not None]
    states = {state.value: 0 for state in TeeState}
    states |= Counter(tee.state.value for tee in tees)
    name = "kiosk_recorder_streams"
    yield from _family(name, "gauge", "Streams to record.", _by("state", states))
    for name, text, value in (
        ("sent_bytes", "Media sent of them.", sum(t.sent_bytes for t in tees)),
        ("dropped_units", "Media lost of them.", sum(t.dropped_units for t in tees)),
        ("failures", "Connections lost by them.", sum(t.failures for t in tees)),
    ):
        yield from _gauge(f"kiosk_recorder_{name}", text, value)


def _requests(traffic: Traffic) -> Iterator[str]:
    answers = [
        ({"route": route, "code": code}, float(count))
        for (route, code), count in sorted(traffic.answers.items())
    ]
    yield from _family("kiosk_requests_total", "counter", "Requests.", answers)
    name = "kiosk_request_seconds"
    yield f"# HELP {name} Time to the whole answer, without long polls."
    yield f"# TYPE {name} histogram"
    total = 0
    for limit, count in zip((*BUCKETS_S, "+Inf"), traffic.durations, strict=True):
        total += count
        yield f'{name}_bucket{{le="{limit}"}} {total}'
    yield f"{name}_sum {traffic.seconds:.6f}"
    yield f"{name}_count {total}"


def _store(load: StoreLoad) -> Iterator[str]:
    yield from _gauge("kiosk_store_waiting", "Not yet written.", load.waiting)
    name, text = "kiosk_store_refused_total", "Refused: store away or overloaded."
    yield from _family(name, "counter", text, [({}, load.refused)])


def _fleet(view: ServerView) -> Iterator[str]:
    yield from _gauge("kiosk_fleet_kiosks", "Kiosks known.", len(view.kiosks))
    yield from _gauge("kiosk_fleet_silent", "Kiosks silent.", view.silent_kiosks)


def _beside(view: ServerView) -> Iterator[str]:
    for name, value in view.beside.items():
        yield from _gauge(f"kiosk_{name}", "As the neighbour counts.", value)


def _process(process: ProcessView) -> Iterator[str]:
    for name, kind, value in (
        ("resident_memory_bytes", "gauge", process.resident_bytes),
        ("cpu_seconds_total", "counter", process.cpu_s),
        ("open_fds", "gauge", process.descriptors),
    ):
        text = "As the operating system counts."
        yield from _family(f"process_{name}", kind, text, [({}, value)])


def _by(label: str, counts: Mapping[str, int]) -> list[_Sample]:
    return [({label: name}, counts[name]) for name in sorted(counts)]


def _gauge(name: str, text: str, value: float) -> Iterator[str]:
    yield from _family(name, "gauge", text, [({}, value)])


def _family(
    name: str, kind: str, text: str, samples: Iterable[_Sample]
) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
    for labels, value in samples:
        pairs = ",".join(f'{key}="{_quoted(to)}"' for key, to in labels.items())
        yield f"{name}{{{pairs}}} {value:g}" if pairs else f"{name} {value:g}"


def _quoted(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
