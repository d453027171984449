"""
Rules over several keys: plain HTTP and RTMP stay on this machine, bounds are in order.

A rule reads a configuration whose keys are right one by one and names the keys
it rests on, so that the checker can drop it when one of those was wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from kiosk.config.gpio_section import wiring_mistakes
from kiosk.config.lines import KeyPath
from kiosk.config.mistakes import Mistake
from kiosk.config.network_section import NetworkSection
from kiosk.config.schema import KioskConfig
from kiosk.config.server_schema import ServerConfig, TlsSection
from kiosk.config.values import (
    is_everywhere,
    is_loopback,
    parse_address,
    parse_device,
    split_server_url,
)


@dataclass(frozen=True, slots=True)
class Breach:
    """
    A rule that does not hold.

    Attributes:
        mistake: At the key to change.
        rests_on: The other keys it looked at.

    """

    mistake: Mistake
    rests_on: tuple[KeyPath, ...]


_INSECURE: KeyPath = ("network", "insecure")
_TLS: tuple[KeyPath, ...] = (("tls", "certificate"), ("tls", "key"))


def kiosk_breaches(config: KioskConfig) -> Iterator[Breach]:
    """Check a kiosk's configuration."""
    servers: tuple[tuple[KeyPath, str], ...] = (
        (("room", "server"), config.room.server),
        (("im", "gateway"), config.im.gateway),
    )
    for key, address in servers:
        if _is_plain_beyond(address) and not config.network.insecure:
            yield Breach(
                Mistake(
                    key,
                    "plain http:// leaves this machine unprotected; use https://, "
                    "or set [network] insecure = true, which the screen will show",
                ),
                (_INSECURE,),
            )
    if config.room.enrolment_key is not None and config.room.user_id is None:
        yield Breach(
            Mistake(("room", "enrolment_key"), "needs the user_id it was made for"),
            (("room", "user_id"),),
        )
    if config.room.enrolment_key is not None and config.room.dialect == "v1":
        yield Breach(
            Mistake(
                ("room", "dialect"), "needs v2 with an enrolment_key: v1 has no login"
            ),
            (("room", "enrolment_key"),),
        )
    yield from _sound_breaches(config)
    if config.room.create and all(map(_is_pattern, config.room.target)):
        yield Breach(
            Mistake(
                ("room", "create"),
                "needs a target without * and ?, which names the room to create",
            ),
            (("room", "target"),),
        )
    if config.room.type == "live_room" and not config.room.create:
        text = "needs create = true: the kiosk opens the room it is seen in"
        yield Breach(Mistake(("room", "type"), text), (("room", "create"),))
    yield from _agent_breaches(config)
    yield from _television_breaches(config)
    yield from _both_or_neither("network", config.network)
    yield from _proxy_breaches(config.network)
    if config.network.pins and config.im.provider == "tencent":
        text = 'cannot go with [im] provider = "tencent", whose keys change'
        yield Breach(Mistake(("network", "pins"), text), (("im", "provider"),))
    for key, text, rests_on in wiring_mistakes(config.buttons, config.indicators):
        yield Breach(Mistake(key, text), rests_on)
    media = config.media
    bounds: tuple[KeyPath, ...] = (
        ("media", "target_ms"),
        ("media", "min_ms"),
        ("media", "max_ms"),
    )
    if not media.min_ms <= media.target_ms <= media.max_ms:
        yield Breach(
            Mistake(bounds[0], "must lie between min_ms and max_ms"), bounds[1:]
        )


def _agent_breaches(config: KioskConfig) -> Iterator[Breach]:
    if config.call.role != "agent":
        return
    if config.room.type == "live_room":
        text = (
            'cannot be "agent" with [room] type = "live_room": an agent calls by '
            "itself, and on air goes only who presses the button; leave it out"
        )
        yield Breach(Mistake(("call", "role"), text), (("room", "type"),))
    if config.call.consent:
        text = 'asks a customer; an "agent" calls by itself: leave it out'
        yield Breach(Mistake(("call", "consent"), text), (("call", "role"),))


def _television_breaches(config: KioskConfig) -> Iterator[Breach]:
    url = config.television.url
    if url is None:
        return
    key: KeyPath = ("television", "url")
    if config.television.room is not None:
        text = "cannot go with room: one stream is shown"
        yield Breach(Mistake(key, text), (("television", "room"),))
    parts = urlsplit(url)
    plain = parts.scheme == "rtmp" and not is_loopback(parts.hostname or "")
    if plain and not config.network.insecure:
        text = "is plain RTMP beyond this machine; use rtmps:// or insecure = true"
        yield Breach(Mistake(key, text), (_INSECURE,))


def _both_or_neither(
    name: str, section: NetworkSection | TlsSection
) -> Iterator[Breach]:
    for key, other in (("certificate", "key"), ("key", "certificate")):
        if getattr(section, key) and not getattr(section, other):
            yield Breach(
                Mistake((name, key), f"needs {other} beside it"), ((name, other),)
            )


def _proxy_breaches(network: NetworkSection) -> Iterator[Breach]:
    for key, given, other in (
        ("proxy_user", network.proxy, "proxy"),
        ("proxy_password", network.proxy_user, "proxy_user"),
        ("no_proxy", network.proxy, "proxy"),
    ):
        if getattr(network, key) and not given:
            text = f"needs {other} in [network]"
            yield Breach(Mistake(("network", key), text), (("network", other),))
    if network.proxy and network.proxy_user and not network.proxy_password:
        text = (
            "needs its password among the secrets: the credential "
            "kiosk.network.proxy_password, or in a bundle's secrets.toml [network] "
            "proxy_password"
        )
        rests_on: KeyPath = ("network", "proxy_password")
        yield Breach(Mistake(("network", "proxy_user"), text), (rests_on,))


def _sound_breaches(config: KioskConfig) -> Iterator[Breach]:
    """Check that what is only for a sound card stands where there is one."""
    for section, key, value, device in (
        ("microphone", "level", config.microphone.level, config.microphone.device),
        ("speaker", "level", config.speaker.level, config.speaker.device),
        ("speaker", "headset", config.speaker.headset, config.speaker.device),
    ):
        if value is not None and parse_device(device).kind != "alsa":
            yield Breach(
                Mistake((section, key), f'needs [{section}] device = "alsa"'),
                ((section, "device"),),
            )
    speaker = config.speaker
    if speaker.headset is not None and speaker.headset == speaker.device:
        yield Breach(
            Mistake(
                ("speaker", "headset"),
                "is the card of [speaker] device; it takes another one",
            ),
            (("speaker", "device"),),
        )


def _is_plain_beyond(address: str) -> bool:
    url = split_server_url(address)
    return url.scheme == "http" and not is_loopback(url.hostname or "")


def _is_pattern(target: str) -> bool:
    return "*" in target or "?" in target


def server_breaches(config: ServerConfig) -> Iterator[Breach]:
    """Check a room server's configuration."""
    section = config.server
    insecure = config.network.insecure
    hosts = {
        "http": parse_address(section.http)[0],
        "rtmp": parse_address(section.rtmp)[0],
        "public_host": section.public_host or "localhost",
        "public_rtmp": parse_address(section.public_rtmp or "localhost:1")[0],
    }
    for key, host in hosts.items():
        if not is_loopback(host) and not (config.tls.certificate or insecure):
            yield Breach(
                Mistake(
                    ("server", key),
                    "plain HTTP and RTMP would leave this machine; set [tls] "
                    "certificate and key (`kiosk server --make-ca DIR` makes them), "
                    "or [network] insecure = true",
                ),
                (_INSECURE, *_TLS),
            )
    yield from _both_or_neither("tls", config.tls)
    if config.im.provider == "tencent" and config.im.private_key is None:
        yield Breach(
            Mistake(("im", "provider"), "needs the account's private_key beside it"),
            (("im", "private_key"),),
        )
    mixing = config.mixing
    if (mixing.app_id is None) != (mixing.api_key is None):
        yield Breach(
            Mistake(("mixing", "app_id"), "goes with api_key: give both or neither"),
            (("mixing", "api_key"),),
        )
    yield from _media_breaches(config)
    yield from _desk_breaches(config)
    yield from _recorder_breaches(config)
    yield from _store_breaches(config)
    if 0 < config.keys.rotate_h < config.keys.session_h:
        text = "must be 0 or at least session_h: a stream outlives no two keys"
        yield Breach(Mistake(("keys", "rotate_h"), text), (("keys", "session_h"),))
    if config.keys.style == "v2" and config.media.backend == "tencent":
        text = 'cannot be v2 with [media] backend = "tencent", which knows its own form'
        yield Breach(Mistake(("keys", "style"), text), (("media", "backend"),))
    yield from _stream_url_breaches(config)


def _stream_url_breaches(config: ServerConfig) -> Iterator[Breach]:
    section = config.server
    named: tuple[KeyPath, ...] = (("server", "public_host"), ("server", "public_rtmp"))
    is_named = section.public_host or section.public_rtmp
    if is_everywhere(parse_address(section.rtmp)[0]) and not is_named:
        text = (
            "is every address of this machine, and none that a stream's URL can name; "
            "set public_host to the name or address that kiosks are to use"
        )
        yield Breach(Mistake(("server", "rtmp"), text), named)
    keys = section.push_key, section.play_key
    if keys[0] is not None and keys[0] == keys[1]:
        text = "must differ from push_key: who may watch may not publish"
        yield Breach(Mistake(("server", "play_key"), text), (("server", "push_key"),))
    if section.public_host and section.public_rtmp:
        yield Breach(
            Mistake(
                ("server", "public_host"), "leave it out: public_rtmp names a host"
            ),
            (("server", "public_rtmp"),),
        )


def _desk_breaches(config: ServerConfig) -> Iterator[Breach]:
    desk = config.desk
    if desk.http is None:
        return
    named: KeyPath = ("desk", "http")
    beyond = not is_loopback(parse_address(desk.http)[0])
    if beyond and not (config.tls.certificate or config.network.insecure):
        text = (
            "plain HTTP would leave this machine, and browsers give a page no camera "
            "there; set [tls] certificate and key, or [network] insecure = true behind "
            "a proxy with TLS"
        )
        yield Breach(Mistake(named, text), (_INSECURE, *_TLS))
    if desk.agents is None and desk.agent_header is None:
        text = "needs agents beside it, a file that `kiosk server --agent NAME` prints"
        keys: tuple[KeyPath, ...] = (("desk", "agents"), ("desk", "agent_header"))
        yield Breach(Mistake(named, text), keys)
    if desk.agent_header is not None and not config.server.trusted_proxies:
        text = "needs [server] trusted_proxies: nobody else is believed"
        proxies: KeyPath = ("server", "trusted_proxies")
        yield Breach(Mistake(("desk", "agent_header"), text), (proxies,))


def _recorder_breaches(config: ServerConfig) -> Iterator[Breach]:
    if config.recorder.url is None:
        return
    named: KeyPath = ("recorder", "url")
    if config.media.backend != "relay":
        text = "needs our own relay; with another media server let that one record"
        yield Breach(Mistake(named, text), (("media", "backend"),))
    parts = urlsplit(config.recorder.url)
    plain = parts.scheme == "rtmp" and not is_loopback(parts.hostname or "")
    if plain and not config.network.insecure:
        text = "is plain RTMP beyond this machine; use rtmps:// or insecure = true"
        yield Breach(Mistake(named, text), (_INSECURE,))


def _store_breaches(config: ServerConfig) -> Iterator[Breach]:
    store = config.store
    if store.url is None:
        if store.ca_file is not None:
            text = "needs a url beside it: nobody else is asked for a certificate"
            yield Breach(Mistake(("store", "ca_file"), text), (("store", "url"),))
        if store.password is not None:
            text = "needs a url beside it: a file takes no password"
            yield Breach(Mistake(("store", "password"), text), (("store", "url"),))
        return
    if store.path is not None:
        text = "leave it out: url names the store"
        yield Breach(Mistake(("store", "path"), text), (("store", "url"),))
    parts = urlsplit(store.url)
    plain = parts.scheme in {"redis", "valkey"} and not is_loopback(
        parts.hostname or ""
    )
    if store.ca_file is not None and parts.scheme in {"redis", "valkey"}:
        text = f"leave it out, or use {parts.scheme}s://: a plain store shows none"
        yield Breach(Mistake(("store", "ca_file"), text), (("store", "url"),))
    if plain and not config.network.insecure:
        text = "is plain beyond this machine; use rediss:// or insecure = true"
        yield Breach(Mistake(("store", "url"), text), (_INSECURE,))


def _media_breaches(config: ServerConfig) -> Iterator[Breach]:
    media = config.media
    if media.backend == "relay":
        return
    named: KeyPath = ("media", "backend")
    rests_on = (("media", "push_url"), ("media", "hook_secret"))
    if media.push_url is None:
        yield Breach(Mistake(named, "needs push_url beside it"), rests_on)
    elif media.has_callbacks and not media.push_url.endswith("/live/{stream}"):
        text = "must end in /live/{stream} with this backend"
        yield Breach(Mistake(("media", "push_url"), text), (named,))
    if media.has_callbacks and media.hook_secret is None:
        yield Breach(Mistake(named, "needs hook_secret beside it"), rests_on)
    keys = (config.server.push_key, config.server.play_key)
    if media.backend == "tencent" and None in keys:
        text = "needs push_key and play_key in [server]: those of your domains there"
        yield Breach(Mistake(named, text), (("server", "push_key"),))
    for key, url in (("push_url", media.push_url), ("play_url", media.play_url)):
        parts = urlsplit(url or "")
        plain = parts.scheme == "rtmp" and not is_loopback(parts.hostname or "")
        if plain and not config.network.insecure:
            text = "is plain RTMP beyond this machine; use rtmps:// or insecure = true"
            yield Breach(Mistake(("media", key), text), (named, _INSECURE))
