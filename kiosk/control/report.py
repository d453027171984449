"""A status as lines a person reads. Pure: a dictionary in, text out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def describe_status(status: Mapping[str, Any]) -> str:
    """Write a status, as :mod:`kiosk.control` describes it, as a few lines."""
    return "\n".join(_lines(status))


def headline(status: Mapping[str, Any]) -> str:
    """Write what of a status is news when it changes, as one line; no figures."""
    peers = [str(peer.get("user_id")) for peer in status.get("peers") or ()]
    faults = [str(fault["fault"]) for fault in status.get("faults") or ()]
    told = [
        str(status.get("state")),
        f"room {status['room_id']}" if status.get("room_id") else "",
        f"with {', '.join(peers)}" if peers else "",
        "muted" if status.get("muted") else "",
        f"faults: {', '.join(faults)}" if faults else "",
        str(status.get("reason") or ""),
    ]
    return ", ".join(filter(None, told))


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
    yield _line("display", _display(status.get("display") or {}))
    for fault in status.get("faults") or ():
        yield _line("fault", f"{fault['fault']}: {fault['reason']}")
    if status.get("door_open") is not None:
        yield _line("door", "open" if status["door_open"] else "closed")
    if status.get("lamps_wrong"):
        yield _line("lamps", status["lamps_wrong"])
    if status.get("insecure"):
        yield _line("warning", "insecure: plain HTTP or RTMP leaves this machine")
    if synthetic := status.get("synthetic"):
        told = f"synthetic, for developers: {', '.join(synthetic)}"
        yield _line("warning", told)
    if push := status.get("push"):
        yield _line("sending", _push(push))
        yield _line("sound out", str(push.get("audio_codec", "aac")))
        yield _line("echo", f"canceller {push.get('echo_canceller', 'off')}")
    yield from _live(status.get("live") or {})
    for play in status.get("play") or ():
        yield _line("receiving", _play(play))
    if machine := status.get("machine"):
        yield _line("system", _system(machine.get("update") or {}))
        yield _line("bundle", _bundle(machine.get("bundle")))
    yield _line("process", _process(status))


def _line(name: str, text: object) -> str:
    return f"{name + ':':11}{text}"


def _devices(devices: Mapping[str, bool]) -> str:
    opened = [
        name.removesuffix("_open") for name, is_open in devices.items() if is_open
    ]
    return f"{', '.join(opened)} open" if opened else "all closed"


def _display(display: Mapping[str, str]) -> str:
    if display.get("missing"):
        return f"missing: {display['missing']}"
    return display.get("lit") or "there"


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


def _system(update: Mapping[str, str]) -> str:
    """Write what runs, and how the last update of the whole system went."""
    runs = f"version {update.get('system') or 'unknown'}"
    if slot := update.get("running"):
        trial = ", on trial" if update.get("default") not in {"", slot} else ""
        runs += f" in slot {slot}{trial}"
    stage, reason = update.get("update") or "none", update.get("reason")
    if stage == "none":
        return f"{runs}; no update yet"
    last = f"{runs}; last update {update.get('version') or 'of no version'}: {stage}"
    return f"{last}, {reason}" if reason else last


def _bundle(told: Mapping[str, Any] | None) -> str:
    """Write which bundle is in force, since when, and what was taken back after it."""
    if told is None:
        return "nobody has looked for one since the start"
    later: Mapping[str, Mapping[str, str]] = told.get("given_up", {})
    given_up = [
        f"{name} was taken back on {seen.get('at')}: {seen.get('reason')}"
        for name, seen in later.items()
        if str(seen.get("at")) >= str(told.get("since"))
    ]
    state = "being tried" if told.get("is_on_trial") else "in force"
    name = told.get("bundle")
    first = f"{name}, {state} since {told.get('since')}" if name else "none applied"
    return "; ".join((first, *given_up[-1:]))


def _process(status: Mapping[str, Any]) -> str:
    return (
        f"{status.get('rss_mb', 0):.0f} MB, {status.get('cpu_s', 0):.1f} s of CPU, "
        f"{status.get('threads')} threads, {status.get('fds')} descriptors, "
        f"{status.get('calls_ended', 0)} calls ended"
    )
