"""A device below a directory of its own, bundles for it, and a power switch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from kiosk.disk import Disk
from kiosk.provision.outcome import Origin, Outcome
from kiosk.provision.provisioning import Provisioning
from tests.signed.signer import Signer, laid_out, text_of


SERIAL = "10000000c0ffee00"
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
SITE = b'[room]\nserver = "https://rooms.example.org"\n'
OTHER_SITE = b'[room]\nserver = "https://rooms.example.net"\n'
DEVICE = b'[kiosk]\nname = "Window 1"\n[room]\nuser_id = "window-1"\n'
SECRETS = b'[room]\nenrolment_key = "sesamesesamesesame"\n'
LAN = (
    b"[connection]\nid=branch-lan\nuuid=6a4b3a0e-53a5-4d4e-9c0f-0f4c1f6f0c11\n"
    b"type=ethernet\n\n[ipv4]\nmethod=manual\naddress1=10.1.2.30/24,10.1.2.1\n"
)
FILES: Mapping[str, bytes] = {"site.toml": SITE, f"devices/{SERIAL}.toml": DEVICE}


class Device:
    """A machine whose root directory is ``root``."""

    def __init__(self, root: Path, disk: Disk | None = None) -> None:
        self.root = root
        board = root / "sys/firmware/devicetree/base/serial-number"
        board.parent.mkdir(parents=True, exist_ok=True)
        board.write_bytes(SERIAL.encode() + b"\0")
        self.stick = root.parent / "stick"
        self.provisioning = Provisioning(root, disk=disk, now=lambda: NOON)

    def lay_out(self, files: Mapping[str, bytes] = FILES, **manifest: object) -> Path:
        """Put a bundle onto the stick, with a manifest if anything is said of it."""
        for old in sorted(self.stick.rglob("*"), reverse=True):
            old.rmdir() if old.is_dir() else old.unlink()
        laid_out(self.stick, files)
        if manifest:
            (self.stick / "manifest.toml").write_bytes(text_of(files, **manifest))
        return self.stick

    def sign(self, signer: Signer) -> None:
        """Sign what is on the stick."""
        manifest = (self.stick / "manifest.toml").read_bytes()
        (self.stick / "manifest.toml.sig").write_bytes(signer.sign(manifest))

    def trust(self, signer: Signer) -> None:
        """Install the key of somebody."""
        keys = self.root / "etc/kiosk/keys"
        keys.mkdir(parents=True, exist_ok=True)
        (keys / "signer.pem").write_bytes(signer.pem)

    def apply(self, origin: Origin = Origin.BOOT, *, again: bool = False) -> Outcome:
        return self.provisioning.apply(self.stick, origin, again=again)

    @property
    def result(self) -> str:
        return (self.stick / "RESULT.txt").read_bytes().decode()

    def file(self, place: str) -> bytes:
        return (self.root / place).read_bytes()

    def outside(self) -> dict[str, bytes]:
        """Return every file below ``/etc`` with its content."""
        return files_below(self.root / "etc")


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777
