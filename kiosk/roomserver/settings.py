"""What a room server can be told; checked again here, whoever read the file."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field, replace
from pathlib import Path

from kiosk.room.answers import ImProvider
from kiosk.roomserver.attendance import Patience
from kiosk.roomserver.border import BorderLimits
from kiosk.roomserver.echo import EchoSettings
from kiosk.roomserver.im_cloud import ImAccount
from kiosk.roomserver.key_terms import KeyStyle, KeyTerms
from kiosk.roomserver.logged import Logged
from kiosk.roomserver.media_settings import MediaSettings
from kiosk.roomserver.mixing import MixingAccount
from kiosk.roomserver.networks import LOOPBACK, Networks
from kiosk.roomserver.rates import RateLimits
from kiosk.roomserver.recorder_terms import RecorderSettings
from kiosk.roomserver.relay_terms import RelayLimits
from kiosk.roomserver.rooms import CreatorLeaves, RoomRules
from kiosk.roomserver.tls import TlsFiles


_MIN_KEY_BYTES = 16
_PERIOD_OF_LATE = 0.4


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """
    One room server with its relay.

    Attributes:
        http_host: Where HTTP listens.
        http_port: Its port; 0 takes a free one.
        rtmp_host: Where the relay listens.
        rtmp_port: Its port; 0 takes a free one.
        public_host: Host named in stream URLs; by default ``rtmp_host``.
        public_rtmp: ``HOST:PORT`` named in stream URLs instead, where something
            between clients and relay has a port of its own.
        capacity: Seats of a double_room, the creator's included.
        capacity_multi: Seats of a multi_room.
        capacity_live: Seats of a live_room; its audience has none.
        max_audience: How many may be listed as a live_room's audience.
        creator_leaves: What becomes of a room then; a live_room always ends.
        push_key: Signs push URLs; made at random when absent.
        play_key: Signs play URLs; made at random when absent, never the same.
        keys: Which forms of keys there are, and what they grant.
        late_s: Silence after which a member goes at the next sweep.
        sweep_s: Time between two sweeps.
        unpushed_s: How long an id stays reserved for a room nobody comes to.
        heartbeat_s: The period members are told, at most; see ``period_s``.
        turn_s: How long a free seat is kept for the first in the queue.
        echo: The agent that sends everybody his own picture and sound.
        compat_networks: Who may speak v1, without a login.
        trusted_networks: Who is given a userSig for the asking; by default
            ``compat_networks``.
        enrolment_path: The file of who needs a key; empty: nobody does.
        store_path: The file that lets rooms outlive the process; empty: none.
        store_url: The Valkey or Redis that several processes share instead; its
            password is in it.
        store_ca_file: Whom to trust there in place of the system's authorities.
        tls: The certificate for HTTP and RTMP; without one both are plain.
        border: What HTTP grants to whoever connects.
        relay: What the relay grants.
        rates: How often one login may ask, and anybody guess wrong.
        operators_password: Opens the log files; without one nothing does.
        log_folder: The folder of the log files operators may read.
        mixing: The account that mixes streams of live rooms; None: nothing does.
        im_path: Path before the IM channel's ``/v4`` and ``/v1``; None for no
            channel here.
        im_account: Account at Tencent's IM cloud, which then carries the channel
            instead and whose key signs every userSig.
        bizid: First part of stream names.
        sdk_app_id: Told to clients, checked at login.
        account_type: Told to clients, checked at login.
        media: Whose media server carries the streams.
        recorder: Who is sent the streams of which rooms; only with our relay.
        access_log: Which requests leave a line in the log.

    Raises:
        ValueError: Naming the setting that cannot work.

    """

    http_host: str = "127.0.0.1"
    http_port: int = 8080
    rtmp_host: str = "127.0.0.1"
    rtmp_port: int = 1935
    public_host: str = ""
    public_rtmp: str = ""
    capacity: int = 2
    capacity_multi: int = 4
    capacity_live: int = 4
    max_audience: int = 30
    creator_leaves: CreatorLeaves = CreatorLeaves.DISBAND
    push_key: bytes = field(default=b"", repr=False)
    play_key: bytes = field(default=b"", repr=False)
    keys: KeyTerms = field(default_factory=KeyTerms)
    late_s: float = 20.0
    sweep_s: float = 5.0
    unpushed_s: float = 60.0
    heartbeat_s: float = 7.0
    turn_s: float = 10.0
    echo: EchoSettings = field(default_factory=EchoSettings)
    compat_networks: tuple[str, ...] = LOOPBACK
    trusted_networks: tuple[str, ...] | None = None
    enrolment_path: str = ""
    store_path: str = ""
    store_url: str = field(default="", repr=False)
    store_ca_file: str | None = None
    tls: TlsFiles | None = None
    border: BorderLimits = field(default_factory=BorderLimits)
    relay: RelayLimits = field(default_factory=RelayLimits)
    rates: RateLimits = field(default_factory=RateLimits)
    operators_password: bytes = field(default=b"", repr=False)
    log_folder: Path | None = None
    mixing: MixingAccount | None = None
    im_path: str | None = ""
    media: MediaSettings = field(default_factory=MediaSettings)
    recorder: RecorderSettings = field(default_factory=RecorderSettings)
    access_log: Logged = Logged.REFUSED
    im_account: ImAccount | None = None
    bizid: str = "8525"
    sdk_app_id: int = 1_400_000_000
    account_type: str = "36862"

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        for name in ("push_key", "play_key"):
            if 0 < len(getattr(self, name)) < _MIN_KEY_BYTES:
                raise ValueError(f"{name} needs at least {_MIN_KEY_BYTES} bytes")
        if self.push_key and self.push_key == self.play_key:
            raise ValueError("play_key must differ from push_key")
        if self.keys.style is KeyStyle.TICKETS and self.media.verifies_itself:
            raise ValueError(f"{self.media.kind.value} cannot verify keys of form v2")
        if self.store_path and self.store_url:
            raise ValueError("store_path and store_url: there is one store")
        if self.public_host and self.public_rtmp:
            raise ValueError("public_rtmp names a host already: leave out public_host")
        named = self.public_host or self.public_rtmp
        if not named and _is_wildcard(self.rtmp_host):
            raise ValueError(
                f"rtmp_host {self.rtmp_host} cannot stand in a URL: set public_host"
            )
        Networks(self.compat_networks)
        Networks(self.signature_networks)
        Networks(self.border.trusted_proxies)

    @property
    def key_terms(self) -> KeyTerms:
        """What is granted with keys; a CDN that verifies them knows one form."""
        if self.media.verifies_itself:
            return replace(self.keys, style=KeyStyle.TENCENT)
        return self.keys

    @property
    def url_host(self) -> str:
        """The host of stream URLs, an IPv6 address in brackets."""
        host = self.public_host or self.rtmp_host
        return f"[{host}]" if ":" in host else host

    @property
    def stream_scheme(self) -> str:
        """The scheme of stream URLs."""
        return "rtmps" if self.tls else "rtmp"

    def url_address(self, bound_port: int) -> str:
        """Return ``HOST:PORT`` of stream URLs for a relay that got a port."""
        return self.public_rtmp or f"{self.url_host}:{bound_port}"

    @property
    def im_provider(self) -> ImProvider:
        """Who carries the IM channel."""
        if self.im_account is not None:
            return ImProvider.TENCENT
        return ImProvider.OFF if self.im_path is None else ImProvider.LOCAL

    @property
    def signature_networks(self) -> tuple[str, ...]:
        """Who is given a userSig for the asking."""
        if self.trusted_networks is None:
            return self.compat_networks
        return self.trusted_networks

    @property
    def period_s(self) -> float:
        """The heartbeat period told to members: two fit into ``late_s``."""
        return min(self.heartbeat_s, self.late_s * _PERIOD_OF_LATE)

    @property
    def rules(self) -> RoomRules:
        """What the room table needs of this."""
        patience = Patience(self.late_s, self.sweep_s, self.unpushed_s)
        return RoomRules(
            capacity=self.capacity,
            capacity_multi=self.capacity_multi,
            capacity_live=self.capacity_live,
            max_audience=self.max_audience,
            creator_leaves=self.creator_leaves,
            patience=patience,
        )


def _is_wildcard(host: str) -> bool:
    try:
        return ipaddress.ip_address(host or "0.0.0.0").is_unspecified  # noqa: S104
    except ValueError:
        return False
