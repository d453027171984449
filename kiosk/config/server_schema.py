"""
The room server's configuration file: every section, key, range and default.

Same rules as ``schema``.  The two keys that sign stream URLs are secrets: left
out, the server makes random ones at its start, and they are never printed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PlainValidator

from kiosk.config.desk_section import DeskSection
from kiosk.config.media_section import MediaSection
from kiosk.config.recorder_section import RecorderSection
from kiosk.config.schema import LogSection, Version
from kiosk.config.section import Section
from kiosk.config.values import (
    Address,
    FilePath,
    Host,
    Identifier,
    Key,
    Password,
    no_control_characters,
    parse_address,
    parse_range,
)
from kiosk.config.versions import CONFIG_VERSION


NOTHING_KEPT = "off"
"""The ``[store] path`` of a server that forgets everything at its end."""

_MAX_RANGES = 64
_STORE_SCHEMES = ("valkey://", "valkeys://", "redis://", "rediss://")


def _store_path(path: str) -> str:
    if path != NOTHING_KEPT and "/" not in path and "." not in path:
        raise ValueError(
            f'needs a file, e.g. "/srv/kiosk/rooms.db", or "{NOTHING_KEPT}"'
        )
    return path


def _store_url(text: str) -> str:
    no_control_characters(text)
    try:
        parts = urlsplit(text)
        whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise ValueError("needs a host, and a port from 1 to 65535") from None
    if f"{parts.scheme}://" not in _STORE_SCHEMES or not whole:
        raise ValueError(f"needs {', '.join(_STORE_SCHEMES)} with a host")
    if parts.query or parts.fragment:
        # The client library would take options there, one that verifies nobody.
        raise ValueError("takes no options after the number")
    if parts.password is not None:
        raise ValueError("must be without its password, which is a secret of its own")
    return text


def _has_a_port(address: str) -> str:
    if not parse_address(address)[1]:
        raise ValueError("needs the port that clients connect to, not 0")
    return address


PublicAddress = Annotated[Address, AfterValidator(_has_a_port)]

Rate = Annotated[float, Field(ge=1, le=100_000)]
StorePath = Annotated[FilePath, AfterValidator(_store_path)]
StoreUrl = Annotated[str, Field(max_length=1024), AfterValidator(_store_url)]
Capacity = Annotated[int, Field(ge=2, le=16)]


def _ranges(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError(  # noqa: TRY004 (pydantic turns only this into a mistake)
            "must be a list of address ranges"
        )
    ranges = cast("Sequence[object]", value)
    if len(ranges) > _MAX_RANGES:
        raise ValueError(f"takes at most {_MAX_RANGES} address ranges")
    return tuple(parse_range(item) for item in ranges)


def _originals(value: object) -> str | tuple[str, ...]:
    if value in ("off", "loopback"):
        return str(value)
    if not isinstance(value, list | tuple):
        raise ValueError(  # noqa: TRY004 (pydantic turns only this into a mistake)
            'must be "off", "loopback" or a list of address ranges'
        )
    return _ranges(cast("Sequence[object]", value))


# One validator instead of a union: pydantic reports a union's members apart.
_Texts = Annotated[list[str], Field(max_length=_MAX_RANGES)]
Originals = Annotated[
    str | tuple[str, ...],
    PlainValidator(
        _originals, json_schema_input_type=Literal["off", "loopback"] | _Texts
    ),
]
Ranges = Annotated[
    tuple[str, ...], PlainValidator(_ranges, json_schema_input_type=_Texts)
]


def _proxy_ranges(value: object) -> tuple[str, ...]:
    ranges = _ranges(value)
    if any(text.endswith("/0") for text in ranges):
        raise ValueError("must name proxies: everybody cannot be one")
    return ranges


ProxyRanges = Annotated[
    tuple[str, ...], PlainValidator(_proxy_ranges, json_schema_input_type=_Texts)
]


class ServerSection(Section):
    """
    Addresses, rooms and keys of the room server and its relay.

    Attributes:
        http: Where the room service listens; port 0 takes any free one.
        rtmp: Where the relay listens.
        capacity_multi: Seats of a multi_room.
        capacity_live: Seats of a live_room, its audience apart.
        max_audience: Viewers that a live_room lists.
        creator_leaves: Whether a room outlives who opened it.
        push_key: Signs URLs to publish; by default random at every start.
        play_key: Signs URLs to play; by default random at every start.
        bizid: First part of every stream name.
        sdk_app_id: What get_im_login_info answers.
        acc_type: What get_im_login_info answers beside it.
        trusted_proxies: Address ranges of HTTP proxies and load balancers before this
            server, whose ``X-Forwarded-For`` says who asks; nobody else's does.
        capacity: Seats of a double_room; the other two types have their own.
        public_host: Host named in stream URLs; by default where it listens.
        public_rtmp: Host and port named there instead, behind a proxy or a port
            mapping.
        key_valid_s: Seconds a stream URL of the originals' form may be used.
        heartbeat_timeout_s: Seconds of silence before a member is removed.
        queue_turn_s: Seconds a free seat is kept for the first in the queue.
        sweep_s: Seconds between two looks for silent members.

    """

    http: Address = "127.0.0.1:8080"
    rtmp: Address = "127.0.0.1:1935"
    public_host: Host | None = None
    public_rtmp: PublicAddress | None = None
    trusted_proxies: ProxyRanges = ()
    capacity: Capacity = 2
    capacity_multi: Capacity = 4
    capacity_live: Capacity = 4
    max_audience: Annotated[int, Field(ge=0, le=1000)] = 30
    creator_leaves: Literal["disband", "stay"] = "disband"
    push_key: Key | None = None
    play_key: Key | None = None
    key_valid_s: Annotated[int, Field(ge=60, le=604_800)] = 86_400
    heartbeat_timeout_s: Annotated[float, Field(gt=0, le=3600)] = 20.0
    queue_turn_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    sweep_s: Annotated[float, Field(gt=0, le=600)] = 5.0
    bizid: Identifier = "8525"
    sdk_app_id: Annotated[int, Field(ge=1, le=2**53 - 1)] = 1_400_000_000
    acc_type: Identifier = "36862"


class KeysSection(Section):
    """
    The keys in stream URLs, and how long what they open may last.

    Attributes:
        style: ``both`` v2 (for a minute, one user, one room) for clients that ask
            for it and the originals' form for the others, ``v2`` that alone,
            ``tencent`` the originals' form alone.
        rotate_h: Hours until another key signs v2; 0: never by itself.
        session_h: Hours after which a stream has to prove its right anew.

    """

    style: Literal["both", "v2", "tencent"] = "both"
    rotate_h: Annotated[float, Field(ge=0, le=8760)] = 24.0
    session_h: Annotated[float, Field(gt=0, le=8)] = 8.0


class StoreSection(Section):
    """
    Where rooms, seats, logins and keys are kept over a restart.

    Attributes:
        path: The file; its directory must be there. By default ``rooms.db`` in the
            service's or else the user's state directory. ``off``: nothing is kept.
        url: A Valkey or Redis instead, which several servers share: ``valkey://`` or
            ``redis://``, with an s for TLS, ``USER@HOST:PORT/NUMBER``.
        password: Of this server there.
        ca_file: Whom to trust there, in place of the system's authorities.

    """

    path: StorePath | None = None
    url: StoreUrl | None = None
    password: Password | None = None
    ca_file: FilePath | None = None


class EnrolmentSection(Section):
    """
    Which kiosks and agents prove themselves with a key of their own.

    Attributes:
        file: Their names with the hashes of their keys, as ``kiosk server
            --enrol`` writes it; without one nobody has a key.

    """

    file: FilePath | None = None


class OperatorsSection(Section):
    """
    What people who look after the server may see.

    Attributes:
        password: Asked for by ``utils/logfilelist`` and ``utils/getlogfile``,
            without it neither is there; and by ``/status``, ``/fleet`` and
            ``/metrics``, without it those are for this machine only.
        log_folder: The folder whose files the first two show.
        access_log: Which requests leave a line in the log: route, code, time.

    """

    password: Key | None = None
    log_folder: FilePath | None = None
    access_log: Literal["off", "refused", "all"] = "refused"


class MixingSection(Section):
    """
    The account at Tencent's live service that ``merge_stream`` uses.

    Attributes:
        app_id: The account's number.
        api_key: Signs the calls.

    """

    app_id: Annotated[int, Field(ge=1, le=2**53 - 1)] | None = None
    api_key: Key | None = None


class ImSection(Section):
    """
    Who brings notices and texts of rooms to clients of the originals.

    Attributes:
        provider: ``local`` this server, ``tencent`` the cloud of the originals,
            ``off`` nobody.
        path: What stands before ``/v4`` and ``/v1`` in this server's own paths.
        administrator: Name of the account's administrator at the cloud.
        private_key: PEM file of the account's private key.

    """

    provider: Literal["local", "tencent", "off"] = "local"
    path: Annotated[str, Field(pattern=r"^(/[A-Za-z0-9_-]{1,64}){0,4}$")] = ""
    administrator: Identifier = "admin"
    private_key: FilePath | None = None


class CompatSection(Section):
    """
    Whom the loose rules of the original servers are granted to.

    Attributes:
        originals: ``off``, ``loopback``, or a list of address ranges.

    """

    originals: Originals = "loopback"


class TlsSection(Section):
    """
    What the room service and the relay prove themselves with; both or neither.

    Attributes:
        certificate: PEM file: the certificate and what lies between it and its
            authority.
        key: PEM file of its private key.

    """

    certificate: FilePath | None = None
    key: FilePath | None = None


class LimitsSection(Section):
    """
    How many connections and requests the room service takes, and its relay.

    Bursts may be five seconds' worth; heartbeats are never counted.

    Attributes:
        connections: To the room service, in all.
        relay_connections: To the relay, in all.
        per_address: To either, from one address that is not one of ``proxies``.
        proxies: Address ranges of what stands between clients and the server.
        requests_per_address: A second from one such address.
        requests_per_identity: A second with one login.
        guesses: Wrong passwords, tokens or signatures a minute from one address.

    """

    connections: Annotated[int, Field(ge=8, le=100_000)] = 12_288
    relay_connections: Annotated[int, Field(ge=8, le=100_000)] = 1024
    per_address: Annotated[int, Field(ge=2, le=100_000)] = 64
    proxies: Ranges = ("127.0.0.0/8", "::1/128")
    requests_per_address: Rate = 200.0
    requests_per_identity: Rate = 20.0
    guesses: Annotated[int, Field(ge=1, le=1000)] = 5


class EchoSection(Section):
    """
    The room ``echo``, where technicians see and hear themselves.

    Attributes:
        enabled: Whether there is one; only with our own relay.
        delay_s: How much later picture and sound come back.
        call_s: After how long it hangs up.

    """

    enabled: bool = False
    delay_s: Annotated[float, Field(ge=0, le=10)] = 1.0
    call_s: Annotated[float, Field(gt=0, le=600)] = 60.0


class ServerNetworkSection(Section):
    """
    What may leave this machine.

    Attributes:
        insecure: Whether plain HTTP and RTMP may leave this machine.

    """

    insecure: bool = False


class ServerConfig(Section):
    """The room server's whole configuration."""

    config_version: Version = CONFIG_VERSION
    server: ServerSection = ServerSection()
    keys: KeysSection = KeysSection()
    store: StoreSection = StoreSection()
    enrolment: EnrolmentSection = EnrolmentSection()
    operators: OperatorsSection = OperatorsSection()
    mixing: MixingSection = MixingSection()
    im: ImSection = ImSection()
    compat: CompatSection = CompatSection()
    tls: TlsSection = TlsSection()
    limits: LimitsSection = LimitsSection()
    media: MediaSection = MediaSection()
    recorder: RecorderSection = RecorderSection()
    echo: EchoSection = EchoSection()
    desk: DeskSection = DeskSection()
    network: ServerNetworkSection = ServerNetworkSection()
    log: LogSection = LogSection()
