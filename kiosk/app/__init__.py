"""
The composition root: the only package that knows all neighbours.

``kiosk_process`` builds and runs a kiosk, ``server_process`` the room server
with its relay; nothing else builds adapters. ``private_ca`` makes the server a
certificate and ``enrolling`` keys for kiosks. They are imported when called,
so that asking for ``--version`` costs nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from kiosk.errors import ConfigError


def run(config: Any, *, problem: ConfigError | None = None) -> int:
    """
    Run a kiosk until SIGTERM and return the exit status.

    Args:
        config: A ``kiosk.config.schema.KioskConfig``.
        problem: What is wrong with it; the kiosk then only says so.

    """
    process = import_module("kiosk.app.kiosk_process")
    return int(process.run_kiosk(config, problem))


def serve(config: Any, on_ready: Callable[[Any], None]) -> int:
    """
    Run the room server until SIGTERM and return the exit status.

    Args:
        config: A ``kiosk.config.server_schema.ServerConfig``.
        on_ready: Gets a ``kiosk.roomserver.service.ServerAddresses``.

    """
    process = import_module("kiosk.app.server_process")
    return int(process.run_server(config, on_ready))


def make_ca(folder: Path, names: Sequence[str]) -> Sequence[str]:
    """Make a certificate for a server, and say in lines what it is for."""
    ca = import_module("kiosk.app.private_ca").make_private_ca(folder, names)
    pin = import_module("kiosk.app.trust").pin_of_file(ca.certificate)
    return (
        "# room server: server.toml",
        "[tls]",
        f"certificate = {json.dumps(str(ca.certificate))}",
        f"key = {json.dumps(str(ca.key))}",
        "# kiosks: kiosk.toml, beside a copy of that file (and of no other)",
        "[network]",
        f"ca_file = {json.dumps(str(ca.authority))}",
        f"# pins = [{json.dumps(pin)}]  # until this server's key is made anew",
    )


def enrol(config: Any, user_ids: Sequence[str]) -> Sequence[str]:
    """
    Give kiosks or agents fresh keys; say in lines what to do with them.

    Args:
        config: A ``kiosk.config.server_schema.ServerConfig``.
        user_ids: Whose keys; a key they had is void.

    """
    return tuple(import_module("kiosk.app.enrolling").enrol(config, user_ids))


def ban(config: Any, user_ids: Sequence[str]) -> Sequence[str]:
    """Shut users out at once, until they are enrolled again; say so in lines."""
    return tuple(import_module("kiosk.app.enrolling").ban(config, user_ids))


def call_echo(config: Any, seconds: float) -> dict[str, Any]:
    """
    Call the server's echo room with the configured devices.

    Args:
        config: A ``kiosk.config.schema.KioskConfig``.
        seconds: How long to look and listen.

    Returns:
        The record that :mod:`kiosk.app.echo_call` describes.

    """
    process = import_module("kiosk.app.echo_call")
    record: dict[str, Any] = process.run_echo_call(config, seconds)
    return record
