"""
What a bundle would make of this kiosk, or everything that is wrong with it.

The configuration is judged as it would be: the bundle's files in their places among
all others, read by the very code of ``kiosk config check``.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from kiosk.config.credentials import STORE
from kiosk.config.documents import printable
from kiosk.config.load import Loaded, examine_kiosk
from kiosk.config.schema import KioskConfig
from kiosk.disk import files_in
from kiosk.errors import BundleRefused
from kiosk.provision import contents
from kiosk.provision.addresses import expected
from kiosk.provision.bundle import Bundle
from kiosk.provision.connection import PATHS, findings_of, is_secret
from kiosk.provision.keyfile import Finding, Keyfile, read_keyfile
from kiosk.provision.places import (
    AUTHORITIES,
    CERTIFICATES,
    CONNECTIONS,
    DROP_INS,
)
from kiosk.provision.places import is_secret as is_credential
from kiosk.provision.pointing import pointed
from kiosk.provision.secrets_file import SecretsRead, read_secrets_file
from kiosk.provision.sets import PlacedFile


_SITE, _DEVICE = "60-site.toml", "70-device.toml"
_LAYERS = ("usr/lib/kiosk", "run/kiosk")
_PRIVATE = 0o600
_MARK = "PRIVATE KEY-----"
_MANAGED = (
    b"\n# From a bundle: `kiosk provision status` says which. A change here is undone at\n"
    b"# the next start; write it to 90-local.toml beside this file instead.\n"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """
    What a bundle would make of this kiosk.

    Attributes:
        server: The room server it would call.
        addresses: How it would get its address, a line for each connection.

    """

    files: tuple[PlacedFile, ...]
    server: str
    addresses: tuple[str, ...]
    remarks: tuple[str, ...]


def judge(
    bundle: Bundle, root: Path, serial: str, kept: tuple[PlacedFile, ...]
) -> Draft:
    """
    Judge a bundle.

    Args:
        bundle: It is whole.
        root: Below which the rest of the configuration is.
        serial: Of the device it is for.
        kept: Secrets of the set in force; one stays until another takes its place.

    Raises:
        BundleRefused: With every mistake in it.

    """
    mistakes: list[str] = list(_missing(bundle, serial))
    secrets, read = _secrets(bundle, kept)
    mistakes += read.mistakes
    connections = _Connections(bundle)
    mistakes += connections.mistakes()
    authorities, wrong_files = _authorities(bundle)
    mistakes += wrong_files
    files = (*secrets, *authorities, *connections.files())
    server = ""
    if (bundle.folder / contents.SITE).is_file():
        configured = _Configured(bundle, root, serial, files, read.lines)
        mistakes += configured.mistakes
        server = configured.loaded.config.room.server
        files = (*configured.files, *files)
    if mistakes:
        raise BundleRefused(tuple(mistakes))
    remarks = (*bundle.remarks, *connections.remarks())
    return Draft(files, server, connections.addresses(), remarks)


def _missing(bundle: Bundle, serial: str) -> Iterator[str]:
    names = bundle.intake.names
    if contents.SITE not in names:
        yield f"{contents.SITE}: is missing; it says which room server to call"
    for name in (contents.SITE, f"devices/{serial}.toml"):
        if name in names and not (bundle.folder / name).read_bytes().strip():
            yield f"{name}: is empty; was it copied whole? Copy the bundle again"
    devices = bundle.intake.devices
    if devices and serial not in devices:
        near = get_close_matches(serial, devices, n=1, cutoff=0.8)
        hint = f"; did you mean it by devices/{near[0]}.toml?" if near else ""
        yield (
            f"devices/{serial}.toml: is missing: this device's serial number is "
            f"{serial}, and there are {len(devices)} other devices{hint}"
        )


def _secrets(
    bundle: Bundle, kept: tuple[PlacedFile, ...]
) -> tuple[tuple[PlacedFile, ...], SecretsRead]:
    """Return all secrets there would be, and what is in the bundle's file."""
    read = SecretsRead()
    if contents.SECRETS in bundle.intake.names:
        path = bundle.folder / contents.SECRETS
        read = read_secrets_file(path)
        names = {path: contents.SECRETS}
        read = replace(read, mistakes=tuple(pointed(m, names) for m in read.mistakes))
    old = tuple(file for file in kept if file.place not in read.lines)
    return (*read.files, *old), read


def _authorities(bundle: Bundle) -> tuple[list[PlacedFile], list[str]]:
    files: list[PlacedFile] = []
    mistakes: list[str] = []
    for name in filter(contents.is_authority, bundle.intake.names):
        content = (bundle.folder / name).read_bytes()
        problem = _no_certificate(content)
        if problem:
            mistakes.append(f"{name}: {problem}")
        files.append(PlacedFile(f"{AUTHORITIES}/{name.partition('/')[2]}", content))
    return files, mistakes


def _no_certificate(content: bytes) -> str:
    text = content.decode("ascii", "replace")
    if _MARK in text:
        return (
            "holds a private key; it belongs on no kiosk: remove it and make a new one"
        )
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):  # ValueError: it is empty
        return "holds no certificate in PEM (-----BEGIN CERTIFICATE-----)"
    return ""


class _Configured:
    """The kiosk's configuration as it would be, and the files that make it."""

    def __init__(
        self,
        bundle: Bundle,
        root: Path,
        serial: str,
        others: tuple[PlacedFile, ...],
        secret_lines: Mapping[str, int],
    ) -> None:
        sources = {_SITE: contents.SITE}
        if f"devices/{serial}.toml" in bundle.intake.names:
            sources[_DEVICE] = f"devices/{serial}.toml"
        made = {
            name: (bundle.folder / source).read_bytes()
            for name, source in sources.items()
        }
        candidate = bundle.folder / ".candidate"
        _lay_out(candidate, root, made, others)
        self.loaded, problem = examine_kiosk(root=candidate)
        names = {candidate / DROP_INS / name: one for name, one in sources.items()}
        for place, line in secret_lines.items():
            names[candidate / place] = f"{contents.SECRETS}:{line}:1"
        self.mistakes = [
            pointed(line, names).replace(str(candidate), str(root).rstrip("/"))
            for line in (problem.mistakes if problem else ())
        ]
        self.mistakes += _dangling(self.loaded, names, root, others)
        self.files = [
            PlacedFile(f"{DROP_INS}/{name}", content.rstrip() + b"\n" + _MANAGED)
            for name, content in made.items()
        ]


def _lay_out(
    candidate: Path,
    root: Path,
    made: Mapping[str, bytes],
    others: tuple[PlacedFile, ...],
) -> None:
    """Make a root directory as it would look to the loader."""
    for layer in _LAYERS:
        link = candidate / layer
        link.parent.mkdir(parents=True, exist_ok=True)
        if (root / layer).is_dir():
            link.symlink_to((root / layer).absolute(), target_is_directory=True)
    drop_ins = candidate / DROP_INS
    drop_ins.mkdir(parents=True)
    for path in files_in(root / DROP_INS):
        if path.name not in {_SITE, _DEVICE}:
            (drop_ins / path.name).symlink_to(path.absolute())
    main = root / "etc/kiosk/kiosk.toml"
    if main.exists():
        (candidate / "etc/kiosk/kiosk.toml").symlink_to(main.absolute())
    for name, content in made.items():
        (drop_ins / name).write_bytes(content)
    store = candidate / STORE
    store.mkdir(mode=0o700)
    for file in others:
        if is_credential(file.place):
            secret = candidate / file.place
            secret.touch(_PRIVATE)
            secret.write_bytes(file.content)


def _dangling(
    loaded: Loaded[KioskConfig],
    names: Mapping[Path, str],
    root: Path,
    others: tuple[PlacedFile, ...],
) -> Iterator[str]:
    """Yield each path that the bundle configures and where nothing would be."""
    made = {file.place for file in others}
    network = loaded.config.network
    for key in ("ca_file", "certificate", "key"):
        value = getattr(network, key)
        origin = loaded.origins.get(("network", key))
        if not value or origin is None or Path(origin.file) not in names:
            continue
        place = str(value).lstrip("/")
        if place not in made and not (root / place).exists():
            near = get_close_matches(place, made, n=1)
            hint = f"; did you mean /{near[0]}?" if near else ""
            text = f"no such file is there, and none in the bundle becomes it{hint}"
            yield pointed(f"{origin.text}: [network] {key}: {text}", names)


class _Connections:
    """The network connections of a bundle, with the certificates they name."""

    def __init__(self, bundle: Bundle) -> None:
        names = bundle.intake.names
        self._folder = bundle.folder
        self._files: dict[str, Keyfile] = {
            name: read_keyfile((bundle.folder / name).read_bytes())
            for name in filter(contents.is_keyfile, names)
        }
        self._certificates = {
            name.partition("/")[2]: name
            for name in filter(contents.is_certificate, names)
        }

    def mistakes(self) -> Iterator[str]:
        seen: dict[tuple[str, str], str] = {}
        for name, file in self._files.items():
            for finding in (*findings_of(file), *self._paths(file)):
                yield f"{name}:{finding.line}:{finding.column}: {finding.text}"
            for key in ("id", "uuid"):
                value = file.get("connection", key)
                other = seen.setdefault((key, value), name)
                if value and other != name:
                    line, column = file.at("connection", key)
                    text = f"[connection] {key}: is that of {other}, too; give each its own"
                    yield f"{name}:{line}:{column}: {text}"

    def remarks(self) -> Iterator[str]:
        for name, file in self._files.items():
            if any(
                is_secret(group, key) and not key.endswith("-flags") and value.text
                for group, values in file.groups.items()
                for key, value in values.items()
            ):
                yield (
                    f"{name} holds a password and stays on the medium: keep it locked "
                    "away, or delete the file there."
                )
        for bare, name in self._certificates.items():
            if self._holds_a_key(name):
                yield (
                    f"{name} holds a private key and stays on the medium: keep it "
                    "locked away, or delete the file there."
                )
            if bare not in self._named():
                yield f"{name} is named by no connection, and was not installed."

    def _holds_a_key(self, name: str) -> bool:
        is_sealed = Path(name).suffix in {".p12", ".pfx"}
        return is_sealed or _MARK.encode() in (self._folder / name).read_bytes()

    def files(self) -> Iterator[PlacedFile]:
        for name, file in self._files.items():
            target = f"{CONNECTIONS}/kiosk-{name.partition('/')[2]}"
            yield PlacedFile(target, file.rewritten(self._moved), _PRIVATE)
        for bare in sorted(self._named() & self._certificates.keys()):
            content = (self._folder / self._certificates[bare]).read_bytes()
            yield PlacedFile(f"{CERTIFICATES}/{bare}", content, _PRIVATE)

    def addresses(self) -> tuple[str, ...]:
        return tuple(
            f"{printable(file.get('connection', 'id'))}: {expected(file)}"
            for file in self._files.values()
        )

    def _named(self) -> set[str]:
        return {
            file.get("802-1x", key)
            for file in self._files.values()
            for key in PATHS
            if file.get("802-1x", key)
        }

    def _paths(self, file: Keyfile) -> Iterator[Finding]:
        for key in sorted(PATHS):
            value = file.get("802-1x", key)
            if not value or value in self._certificates:
                continue
            near = get_close_matches(value, self._certificates, n=1)
            bare = printable(value.rpartition("/")[2])
            hint = (
                f"did you mean {near[0]}?" if near else f"put {bare} beside this file"
            )
            text = (
                f"[802-1x] {key}: must be the bare name of a .pem, .crt, .key or .p12 "
                f"file in network/ of the bundle; {hint}"
            )
            yield Finding(*file.at("802-1x", key), text)

    @staticmethod
    def _moved(group: str, key: str, value: str) -> str:
        is_path = group == "802-1x" and key in PATHS
        return f"/{CERTIFICATES}/{value}" if is_path else value
