"""
The operator's desk: ``kiosk fleet``, put together of sheet, bundles, keys, signatures.

Nothing is written before everything was judged; and keys that the room server was told
of are written down before any bundle is.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kiosk.app.enrolling import enrol_all
from kiosk.config.load import load_server
from kiosk.disk import Disk, put
from kiosk.errors import ConfigError
from kiosk.fleet.inventory import Device, devices_of
from kiosk.fleet.issued_keys import (
    Enrol,
    Issued,
    issue,
    read_issued,
    with_keys,
    write_issued,
)
from kiosk.fleet.judging import judge, judge_bundle
from kiosk.fleet.rendering import (
    Rendered,
    Shared,
    archive_of,
    bundle_of,
    render,
    rendered_bundles,
)
from kiosk.fleet.replacing import replaced
from kiosk.fleet.signing import (
    Terms,
    archive_folder,
    make_key,
    read_private_key,
    sign_folder,
)
from kiosk.fleet.spreadsheet import Sheet, read_sheet
from kiosk.signed import Kind


@dataclass(frozen=True, slots=True)
class FleetFiles:
    """
    What a fleet is made of.

    Attributes:
        sheet: One row per device.
        site: The shared part of the configuration, if any.
        networks: Connections that every bundle holds, with their certificates.
        authorities: Whom the devices trust besides the system's.
        keys: Where the devices' enrolment keys are written down, if they have any.
        server: The room server's configuration, to enrol them at.
        ignored: Columns of the sheet that are of no use here.
        same_ip: Whether several devices may have one address.

    """

    sheet: Path
    site: Path | None = None
    networks: Sequence[Path] = ()
    authorities: Sequence[Path] = ()
    keys: Path | None = None
    server: Path | None = None
    ignored: Sequence[str] = ()
    same_ip: bool = False


@dataclass(frozen=True, slots=True)
class SigningOrder:
    """What to sign, with which keys, and what the manifests are to say."""

    folder: Path
    keys: Sequence[Path]
    passphrase_file: Path | None = None
    kind: Kind = "provision"
    id: str = ""
    ring: int = 100
    allow_older: bool = False
    created: datetime | None = None
    about: Mapping[str, str] | None = None
    with_secrets: bool = False


class FleetDesk:
    """Everything that ``kiosk fleet`` does."""

    def render(self, files: FleetFiles, out: Path) -> Rendered:
        """
        Write every device's bundle.

        Raises:
            ConfigError: With every mistake, and then nothing was written.
            OSError: A file cannot be read or written.

        """
        sheet, devices, shared = _read(files)
        judge(sheet, devices, shared.site)
        issued: Issued = {}
        if files.keys is not None:
            issued = issue(devices, read_issued(files.keys), _enrol(files.server))
            write_issued(files.keys, issued)
        secrets = with_keys(devices, issued)
        bundles = {
            one.serial: bundle_of(one, shared, secrets.get(one.serial, {}))
            for one in devices
        }
        return render(out, bundles)

    def check(self, files: FleetFiles) -> int:
        """
        Judge a sheet, or a directory of bundles, and return how many devices it has.

        Raises:
            ConfigError: With every mistake.
            OSError: A file cannot be read.

        """
        if files.sheet.is_dir():
            return _check_rendered(files.sheet)
        sheet, devices, shared = _read(files)
        judge(sheet, devices, shared.site)
        return len(devices)

    def replace(self, sheet: Path, old: str, new: str) -> None:
        """
        Let one device take another's place in a sheet.

        Raises:
            ConfigError: They cannot.
            OSError: The sheet cannot be read or written.

        """
        content = replaced(str(sheet), sheet.read_bytes(), old, new)
        put(Disk(), sheet, content, stat.S_IMODE(sheet.stat().st_mode))

    def make_key(
        self, name: str, folder: Path, passphrase_file: Path | None
    ) -> tuple[Path, Path, str]:
        """
        Make a key pair; return the secret file, the public one and the key's id.

        Raises:
            OSError: A file of that name is there, or cannot be written.

        """
        return make_key(name, folder, _passphrase(passphrase_file))

    def sign(self, order: SigningOrder) -> Sequence[tuple[Path, str]]:
        """
        Sign a folder, or every bundle in one and its archive; return files and ids.

        Raises:
            ConfigError: A key is none, or a file may not be signed.
            OSError: A file cannot be read or written.

        """
        passphrase = _passphrase(order.passphrase_file)
        keys = [read_private_key(path, passphrase) for path in order.keys]
        terms = Terms(
            created=order.created or datetime.now(UTC),
            kind=order.kind,
            id=order.id,
            ring=order.ring,
            allow_older=order.allow_older,
            about=order.about or {},
        )
        bundles = rendered_bundles(order.folder) if order.kind == "provision" else ()
        signed = [
            (folder, sign_folder(folder, keys, terms).id)
            for folder in bundles or [order.folder]
        ]
        for folder in bundles:
            path = archive_of(order.folder, folder.parent.name)
            manifest = archive_folder(
                folder, path, keys, terms, with_secrets=order.with_secrets
            )
            signed.append((path, manifest.id))
        return signed


def _read(files: FleetFiles) -> tuple[Sheet, Sequence[Device], Shared]:
    sheet = read_sheet(str(files.sheet), files.sheet.read_bytes())
    devices = devices_of(sheet, ignored=files.ignored, same_ip=files.same_ip)
    try:
        site = files.site.read_text("utf-8") if files.site is not None else ""
    except UnicodeDecodeError:
        raise ConfigError((f"{files.site}: is not UTF-8",)) from None
    shared = {f"network/{path.name}": path.read_bytes() for path in files.networks}
    shared |= {f"ca/{path.name}": path.read_bytes() for path in files.authorities}
    active = [device for device in devices if not device.is_retired]
    return sheet, active, Shared(site, shared)


def _check_rendered(out: Path) -> int:
    folders = rendered_bundles(out)
    mistakes = [line for folder in folders for line in judge_bundle(folder)]
    if not folders:
        mistakes.append(f"{out}: holds no bundle of `kiosk fleet render`")
    if mistakes:
        raise ConfigError(tuple(mistakes))
    return len(folders)


def _enrol(server: Path | None) -> Enrol:
    def enrol(user_ids: Sequence[str]) -> Mapping[str, str]:
        if server is None:
            text = f"{len(user_ids)} devices need keys: name the room server's file, "
            raise ConfigError((text + "--enrol server.toml",))
        return enrol_all(load_server(server).config, user_ids)

    return enrol


def _passphrase(path: Path | None) -> bytes:
    return b"" if path is None else path.read_bytes().rstrip(b"\r\n")
