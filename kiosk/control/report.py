"""A status as lines a person reads. Pure: a dictionary in, text out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def describe_status(status: Mapping[str, Any]) -> str:
    """Write a status, as :mod:`kiosk.control` describes it, as a few lines."""
    return "\n".join(_lines(status))


def _lines(status: Mapping[str, Any]) -> Iterator[str]:
    yield _line("state", f"{status.get('state')} (screen: {status.get('screen')})")
    if status.get("reason"):
        yield _line("reason", status["reason"])
    yield _line("we are", status.get("user_id") or "not logged in")
    yield _line("room", status.get("room_id") or "none")
    peers = [_peer(peer) for peer in status.get("peers", ())]
    yield _line("peers", ", ".join(peers) or "none")
    yield _line("sound", "muted" if status.get("muted") else "on")
    yield _line("devices", _devices(status.get("devices") or {}))
    if status.get("insecure"):
        yield _line("warning", "insecure: plain HTTP or RTMP leaves this machine")
    if push := status.get("push"):
        yield _line("sending", _push(push))
        yield _line("sound out", str(push.get("audio_codec", "aac")))
        yield _line("echo", f"canceller {push.get('echo_canceller', 'off')}")
    yield from _live(status.get("live") or {})
    for play in status.get("play") or ():
        yield _line("receiving", _play(play))
    yield _line("process", _process(status))


def _line(name: str, text: object) -> str:
    return f"{name + ':':11}{text}"


def _devices(devices: Mapping[str, bool]) -> str:
    opened = [
        name.removesuffix("_open") for name, is_open in devices.items() if is_open
    ]
    return f"{', '.join(opened)} open" if opened else "all closed"


def _peer(peer: Mapping[str, Any]) -> str:
    told = [str(peer["received"])] if "received" in peer else []
    told += ["talks"] if peer.get("loudest") else []
    name = str(peer.get("name") or peer.get("user_id"))
    return f"{name} ({', '.join(told)})" if told else name


def _push(push: Mapping[str, Any]) -> str:
    return (
        f"{push.get('bitrate', 0) / 1000:.0f} kbit/s, "
        f"{push.get('pictures_sent', 0)} pictures, "
        f"{push.get('pictures_dropped', 0)} dropped, "
        f"{push.get('reconnects', 0)} reconnects"
    )


def _play(play: Mapping[str, Any]) -> str:
    latency = play.get("video_latency_ms")
    late = f", {latency['p50']:.0f} ms late" if latency else ""
    return (
        f"{play.get('user_id')}: {play.get('pictures_shown', 0)} pictures, "
        f"{play.get('pictures_dropped', 0)} dropped{late}"
    )


def _live(live: Mapping[str, Any]) -> Iterator[str]:
    """Write what passed in the last second."""
    if live.get("sent_kbps") is not None:
        yield _line("now out", f"{live['sent_kbps']} kbit/s")
    for party in live.get("parties", ()):
        if party.get("received_kbps") is not None:
            silent = ", silent" if party.get("silent") else ""
            yield _line(
                "now in",
                f"{party['user_id']}: {party['received_kbps']} kbit/s, "
                f"{party['pictures_per_second']:g} pictures a second{silent}",
            )


def _process(status: Mapping[str, Any]) -> str:
    return (
        f"{status.get('rss_mb', 0):.0f} MB, {status.get('cpu_s', 0):.1f} s of CPU, "
        f"{status.get('threads')} threads, {status.get('fds')} descriptors, "
        f"{status.get('calls_ended', 0)} calls ended"
    )
