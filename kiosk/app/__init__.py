"""
The composition root: the only package that knows all neighbours.

``kiosk_process`` builds and runs a kiosk, ``server_process`` the room server
with its relay; nothing else builds adapters. ``private_ca`` makes the server a
certificate and ``enrolling`` keys for kiosks. They are imported when called,
so that asking for ``--version`` costs nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from kiosk.errors import ConfigError


def light_display(file: Path | None, kernels: Any = None) -> Any:
    """
    Light the display that is configured with its first picture, before all else.

    Args:
        file: Read only this configuration file.
        kernels: Where cards come from, instead of ``/dev/dri``; a
            ``kiosk.app.first_display.Kernels``.

    Returns:
        A ``kiosk.app.first_display.FirstDisplay``; None where no card is asked for.

    """
    module = import_module("kiosk.app.first_display")
    return module.light_first_display(file, kernels)


def prepare_to_run() -> Any:
    """Return the module that runs kiosks, loaded with no more than a kiosk needs."""
    import_module("kiosk.app.lean_imports").leave_commands_out()
    return import_module("kiosk.app.kiosk_process")


def run(
    config: Any,
    *,
    problem: ConfigError | None = None,
    on_page: Callable[[str], None] = lambda _: None,
    first: Any = None,
    read: Any = None,
) -> int:
    """
    Run a kiosk until SIGTERM and return the exit status.

    Args:
        config: A ``kiosk.config.schema.KioskConfig``.
        problem: What is wrong with it; the kiosk then only says so.
        on_page: Gets the address of the simulator page, where there is one.
        first: The display, where :func:`light_display` lit one.
        read: Reads the configuration anew, as ``examine_kiosk`` does.

    """
    run_kiosk = prepare_to_run().run_kiosk
    return int(run_kiosk(config, problem, on_page=on_page, first=first, read=read))


def serve(config: Any, on_ready: Callable[[Any], None]) -> int:
    """
    Run the room server until SIGTERM and return the exit status.

    Args:
        config: A ``kiosk.config.server_schema.ServerConfig``.
        on_ready: Gets a ``kiosk.roomserver.service.ServerAddresses``.

    """
    process = import_module("kiosk.app.server_process")
    return int(process.run_server(config, on_ready))


def snapshot(
    config: Any, screen: str, language: str | None, size: tuple[int, int], path: Path
) -> None:
    """
    Write the picture of a screen into a file.

    Args:
        config: A ``kiosk.config.schema.KioskConfig``, or ``None``.
        screen: One of ``kiosk.app.snapshots.SCREENS``.
        language: By default the configured one.
        size: Width and height in pixels.
        path: Its suffix chooses the format.

    Raises:
        ValueError: If there is no such screen, language or format.

    """
    snapshots = import_module("kiosk.app.snapshots")
    snapshots.write_snapshot(config, screen, language, size, path)


def screens() -> Sequence[str]:
    """Return the names of all screens there are pictures of."""
    return tuple(import_module("kiosk.ui.scenes").SCENES)


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


def new_agent(agent_id: str) -> Sequence[str]:
    """Ask for an agent's password; say in lines what lets him in at the desk."""
    return tuple(import_module("kiosk.app.agent_password").new_agent(agent_id))


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


def examine(
    file: Path | None, *, deep: bool, say: Callable[[str, dict[str, str]], None]
) -> int:
    """
    Look at everything a technician would; ``say`` gets each check as it is done.

    Args:
        file: Use only this configuration file.
        deep: Open what is free, and measure.
        say: Gets a check as a line, and as an object.

    Returns:
        0: all good, 1: warnings, 2: failures.

    """
    doctor = import_module("kiosk.app.doctor.examination")
    check = import_module("kiosk.app.doctor.check")
    person = import_module("kiosk.app.doctor.person")

    def told(each: Any) -> None:
        say(check.line_of(each), check.object_of(each))

    somebody = person.AtTerminal(sys.stdin, sys.stderr)
    return int(doctor.examine(file, deep=deep, say=told, person=somebody))


def support_bundle(
    file: Path | None, out: Path | None, days: int
) -> tuple[Path, list[str]]:
    """
    Write an archive of what those who support a kiosk ask for.

    Args:
        file: Use only this configuration file.
        out: Where to; by default a name of serial and time, in this directory.
        days: Of the journal.

    Returns:
        The archive, and what is not in it and why, one line each.

    """
    made = import_module("kiosk.app.support.bundle").make_bundle(file, out, days)
    path, missing = made
    return Path(path), list(missing)


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
