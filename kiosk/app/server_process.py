"""Runs the room server with its relay until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Final, cast
from urllib.parse import quote

from pydantic import SecretStr

from kiosk.app.collector import collect_old_garbage
from kiosk.app.descriptors import raise_descriptor_limit
from kiosk.app.leaves import leaves_of
from kiosk.app.store_place import store_file
from kiosk.config.media_section import MediaSection
from kiosk.config.recorder_section import RecorderSection
from kiosk.config.server_schema import (
    ImSection,
    LimitsSection,
    MixingSection,
    ServerConfig,
    StoreSection,
    TlsSection,
)
from kiosk.config.values import parse_address
from kiosk.devices.init_notify import NotifyInit, watchdog_period
from kiosk.devices.init_silent import SilentInit
from kiosk.errors import words_of
from kiosk.journal.set_up import set_up_log
from kiosk.ports import Init
from kiosk.roomserver.activation import Listeners, listeners_of
from kiosk.roomserver.admission import AdmissionLimits
from kiosk.roomserver.border import BorderLimits
from kiosk.roomserver.echo import EchoSettings
from kiosk.roomserver.im_cloud import ImAccount
from kiosk.roomserver.inside import Beside
from kiosk.roomserver.key_terms import KeyStyle, KeyTerms
from kiosk.roomserver.logged import Logged
from kiosk.roomserver.media_settings import MediaKind, MediaSettings
from kiosk.roomserver.mixing import MixingAccount
from kiosk.roomserver.networks import LOOPBACK
from kiosk.roomserver.rates import RateLimits
from kiosk.roomserver.recorder_terms import RecorderSettings
from kiosk.roomserver.relay_terms import RelayLimits
from kiosk.roomserver.rooms import CreatorLeaves
from kiosk.roomserver.service import ServerAddresses, serve
from kiosk.roomserver.settings import ServerSettings
from kiosk.roomserver.tls import TlsFiles


log = logging.getLogger(__name__)

_OTHER_DESCRIPTORS = 128
"""For the store and what a process has anyway."""
_FEWEST_CONNECTIONS = 8
_DESCRIPTORS = AdmissionLimits().descriptors
_HOUR_S = 3600.0
MICROS: Final = 1_000_000


def run_server(
    config: ServerConfig, on_ready: Callable[[ServerAddresses], None]
) -> int:
    """
    Serve until SIGTERM or SIGINT and return the exit status.

    Args:
        config: What the server is told.
        on_ready: Called once both ports answer, with their addresses.

    """
    set_up_log(config.log.level, config.log.format, "kiosk-server")
    status = os.EX_OK
    others = config.limits.relay_connections + _OTHER_DESCRIPTORS
    descriptors = raise_descriptor_limit() - others
    try:
        path = store_file(config.store, os.environ)
        settings = settings_of(config, path, descriptors)
        listeners = listeners_of(os.environ, os.getpid())

        supervisor = os.environ.get("NOTIFY_SOCKET")
        init: Init = NotifyInit(supervisor) if supervisor else SilentInit()

        def ready(at: ServerAddresses) -> None:
            init.ready()
            log.info("server ready", extra={"rooms_kept_in": path or "nothing"})
            on_ready(at)

        asyncio.run(_serve(settings, ready, listeners, _beside(config), init))
    except* OSError as group:
        for exc in leaves_of(group):
            log.error("server not started", extra={"reason": words_of(exc)})  # noqa: TRY400 -- the reason is the whole story
        status = os.EX_UNAVAILABLE
    return status


async def _serve(
    settings: ServerSettings,
    on_ready: Callable[[ServerAddresses], None],
    listeners: Listeners,
    beside: Beside | None,
    init: Init,
) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(
            serve(settings, on_ready, listeners=listeners, beside=beside)
        )
        collecting = group.create_task(collect_old_garbage(), name="collector")
        feeding = group.create_task(_feed(init), name="watchdog")
        await stopping.wait()
        init.stopping()
        for task in (serving, collecting, feeding):
            task.cancel()


async def _feed(init: Init) -> None:
    """Tell the supervisor that the event loop turns: all that is served runs on it."""
    period = watchdog_period(os.environ, os.getpid())
    while period is not None:
        init.ping()
        await asyncio.sleep(period / MICROS)


def _beside(config: ServerConfig) -> Beside | None:
    if config.desk.http is None:
        return None
    # Codecs are loaded where there is a desk, and nowhere else.
    process = import_module("kiosk.app.desk_process")
    return cast("Beside | None", process.desk_beside(config))


def settings_of(
    config: ServerConfig,
    store_path: str = "",
    descriptors: int = _DESCRIPTORS,
) -> ServerSettings:
    """
    Return the server's settings as its configuration file says.

    Args:
        config: What the server is told.
        store_path: The file it keeps its rooms in; empty: none.
        descriptors: How many there are for connections to the room service.

    """
    server = config.server
    folder = config.operators.log_folder
    http_host, http_port = parse_address(server.http)
    rtmp_host, rtmp_port = parse_address(server.rtmp)
    return ServerSettings(
        http_host=http_host,
        http_port=http_port,
        rtmp_host=rtmp_host,
        rtmp_port=rtmp_port,
        public_host=server.public_host or "",
        public_rtmp=server.public_rtmp or "",
        capacity=server.capacity,
        capacity_multi=server.capacity_multi,
        capacity_live=server.capacity_live,
        max_audience=server.max_audience,
        creator_leaves=CreatorLeaves(server.creator_leaves),
        push_key=_key(server.push_key),
        play_key=_key(server.play_key),
        keys=_key_terms(config),
        late_s=server.heartbeat_timeout_s,
        sweep_s=server.sweep_s,
        turn_s=server.queue_turn_s,
        echo=EchoSettings(**config.echo.model_dump()),
        store_path=store_path,
        store_url=_store_url(config.store),
        store_ca_file=config.store.ca_file,
        enrolment_path=config.enrolment.file or "",
        compat_networks=_networks(config.compat.originals),
        tls=_tls(config.tls),
        border=BorderLimits(
            admission=_admission(config.limits, descriptors),
            trusted_proxies=server.trusted_proxies,
        ),
        relay=_relay(config.limits),
        rates=RateLimits(config.limits.requests_per_identity, config.limits.guesses),
        operators_password=_key(config.operators.password),
        log_folder=Path(folder) if folder else None,
        mixing=_mixing(config.mixing),
        im_path=config.im.path if config.im.provider == "local" else None,
        im_account=_im_account(config.im),
        media=_media(config.media),
        recorder=_recorder(config.recorder),
        access_log=Logged(config.operators.access_log),
        bizid=server.bizid,
        sdk_app_id=server.sdk_app_id,
        account_type=server.acc_type,
    )


def _key_terms(config: ServerConfig) -> KeyTerms:
    section = config.keys
    return KeyTerms(
        style=KeyStyle(section.style),
        valid_s=config.server.key_valid_s,
        rotate_s=section.rotate_h * _HOUR_S,
        session_s=section.session_h * _HOUR_S,
    )


def _tls(section: TlsSection) -> TlsFiles | None:
    if section.certificate is None or section.key is None:
        return None
    return TlsFiles(section.certificate, section.key)


def _admission(section: LimitsSection, descriptors: int) -> AdmissionLimits:
    connections = min(section.connections, max(_FEWEST_CONNECTIONS, descriptors))
    if connections < section.connections:
        log.warning(
            "fewer connections than configured: too few descriptors",
            extra={"connections": connections},
        )
    return AdmissionLimits(
        connections=connections,
        descriptors=max(connections, descriptors),
        connections_per_address=section.per_address,
        proxies=section.proxies,
        requests_per_address=section.requests_per_address,
    )


def _relay(section: LimitsSection) -> RelayLimits:
    return RelayLimits(
        connections=section.relay_connections,
        connections_per_address=section.per_address,
        # All agents at the desk stream from this machine, whoever else is a proxy.
        proxies=(*LOOPBACK, *section.proxies),
    )


def _im_account(section: ImSection) -> ImAccount | None:
    if section.provider != "tencent" or section.private_key is None:
        return None
    return ImAccount(section.private_key, section.administrator)


def _mixing(section: MixingSection) -> MixingAccount | None:
    if section.app_id is None or section.api_key is None:
        return None
    return MixingAccount(section.app_id, section.api_key.get_secret_value())


def _recorder(section: RecorderSection) -> RecorderSettings:
    url, query = section.url or "", section.query
    if url and query is not None:
        url = f"{url}?{query.get_secret_value()}"
    return RecorderSettings(url, section.rooms, section.ca_file)


def _media(section: MediaSection) -> MediaSettings:
    return MediaSettings(
        kind=MediaKind(section.backend),
        push_url=section.push_url or "",
        play_url=section.play_url or "",
        hook_secret=_key(section.hook_secret),
        control_url=section.control_url or "",
    )


def _store_url(section: StoreSection) -> str:
    """Return the store's address with its password in it, as its library wants it."""
    url = section.url or ""
    if section.password is None:
        return url
    scheme, _, rest = url.partition("://")
    user, at, host = rest.rpartition("@")
    password = quote(section.password.get_secret_value(), safe="")
    return f"{scheme}://{user}:{password}@{host if at else rest}"


def _key(secret: SecretStr | None) -> bytes:
    return secret.get_secret_value().encode() if secret else b""


def _networks(originals: str | tuple[str, ...]) -> tuple[str, ...]:
    if originals == "off":
        return ()
    return LOOPBACK if isinstance(originals, str) else originals
