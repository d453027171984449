"""Installs, upgrades, removes and purges the package, and notes what each step did."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


OLD = "0.0.9"
ONLY_IN_OLD = "usr/lib/python3/dist-packages/kiosk/gone_since.py"
WRITTEN = {
    "etc/kiosk/conf.d/60-site.toml": '[room]\nserver = "https://rooms.example.org"\n',
    "etc/credstore/kiosk.user_sig": "a signature\n",
    "etc/credstore/kiosk-server.server.push_key": "a key\n",
    "etc/credstore/others.secret": "not ours\n",
    "etc/NetworkManager/system-connections/kiosk-wifi.nmconnection": "psk=a key\n",
    "var/lib/kiosk/calls/1.json": "{}\n",
    "var/lib/kiosk-provision/current": "a set\n",
    "var/lib/kiosk-ladder/counter": "1\n",
    "var/lib/kiosk-update/record": "a slot\n",
    "var/lib/kiosk-server/state": "rooms\n",
    "var/cache/kiosk/page": "pixels\n",
}
"""What a technician, the kiosk and its one-shots wrote while it was installed."""

_LIBRARIES = """
from kiosk.devices.echo_livekit import LivekitEchoCanceller
from kiosk.wheels import make_importable
make_importable({"gpiozero": "2"})
LivekitEchoCanceller(noise_suppression=True)
import aiofiles, gpiozero, google.protobuf, livekit.rtc, numpy
for module in (aiofiles, gpiozero, google.protobuf, livekit.rtc, numpy):
    print(module.__file__)
"""
_SYSTEMCTL = """\
#!/bin/sh
echo "$*" >> /asked
for last; do :; done
case "$*" in
  *--root=*) exec /usr/bin/systemctl "$@" ;;
  *is-enabled*) exec /usr/bin/systemctl --root=/ is-enabled "$last" ;;
  *is-active*) test "$last" = kiosk.service && grep -q "start kiosk.service" /asked ;;
esac
"""
_NOT_LOOKED_AT = ("proc", "sys", "dev", "tmp", "asked", "stand-in", "root", "var/tmp")
_OF_APT = ("var/lib/dpkg", "var/log", "var/cache/apt", "var/cache/debconf")


class Root:
    """
    A root file system that programs can be run in.

    Args:
        place: Where it is unpacked.
        archive: Of the appliance's root.

    """

    def __init__(self, place: Path, archive: Path) -> None:
        self.place = place
        place.mkdir()
        tar: list[str | Path] = ["tar", "-xpf", archive, "-C", place, "--numeric-owner"]
        subprocess.run(tar, check=True, timeout=300)
        (place / "run/systemd/system").mkdir(parents=True)
        (place / "stand-in").mkdir()
        script = place / "stand-in/systemctl"
        script.write_text(_SYSTEMCTL, encoding="utf-8")
        script.chmod(0o755)

    def run(self, *words: str) -> str:
        """Run a program in the root; return what it said."""
        mounted = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", mounted, self.place, *words],
            env={
                "PATH": "/stand-in:/usr/sbin:/usr/bin:/sbin:/bin",
                "DEBIAN_FRONTEND": "noninteractive",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, f"{words}:\n{done.stdout}"
        return done.stdout

    def bring(self, file: Path) -> str:
        """Copy a file into the root; return its path there."""
        shutil.copy(file, self.place / "root")
        return f"/root/{file.name}"

    def files(self) -> frozenset[str]:
        """Return all paths that programs and people may have written."""
        return frozenset(self._walk())

    def _walk(self) -> Iterator[str]:
        for folder, folders, files in os.walk(self.place):
            here = Path(folder).relative_to(self.place)
            hidden = (*_NOT_LOOKED_AT, *_OF_APT)
            folders[:] = [one for one in folders if str(here / one) not in hidden]
            found = (str(here / one) for one in (*folders, *files))
            yield from (path for path in found if path not in hidden)

    def asked(self) -> list[str]:
        """Return what was asked of systemd since the last time."""
        note = self.place / "asked"
        said = note.read_text(encoding="utf-8").splitlines() if note.exists() else []
        note.unlink(missing_ok=True)
        return said

    def read(self, path: str) -> str:
        """Return the text of a file."""
        return (self.place / path).read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Step:
    """
    How the root was after a step.

    Attributes:
        files: All paths.
        asked: What the package's scripts asked of systemd.
        said: What dpkg said.

    """

    files: frozenset[str]
    asked: list[str]
    said: str


class Life:
    """
    The whole life of the package in a root, once.

    Args:
        root: Without the package.
        package: Its file.
        wheels: The file of kiosk-wheels.
        folder: For the package before it.

    """

    def __init__(self, root: Root, package: Path, wheels: Path, folder: Path) -> None:
        self.root = root
        self.before = root.files()
        self.installed = self._step(
            "dpkg", "--install", root.bring(_older(package, folder))
        )
        for path, text in WRITTEN.items():
            (root.place / path).parent.mkdir(parents=True, exist_ok=True)
            (root.place / path).write_text(text, encoding="utf-8")
        self.upgraded = self._step("dpkg", "--install", root.bring(package))
        self.conffiles = root.run("dpkg-query", "-Wf", "${Conffiles}", "kiosk")
        self.groups = root.run("id", "--name", "--groups", "kiosk").split()
        self.commands = root.run("kiosk", "--help")
        root.run("dpkg", "--install", root.bring(wheels))
        self.libraries = root.run("python3", "-P", "-c", _LIBRARIES).splitlines()
        root.run("dpkg", "--purge", "kiosk-wheels")
        self.removed = self._step("dpkg", "--remove", "kiosk")
        self.purged = self._step("dpkg", "--purge", "kiosk")
        self.users = root.read("etc/passwd")

    def _step(self, *words: str) -> Step:
        said = self.root.run(*words)
        return Step(self.root.files(), self.root.asked(), said)


def _older(package: Path, folder: Path) -> Path:
    """Return the package as one of an earlier version, with a file more."""
    tree = folder / "old"
    subprocess.run(["dpkg-deb", "-R", package, tree], check=True, timeout=60)
    control = tree / "DEBIAN/control"
    text = control.read_text(encoding="utf-8")
    control.write_text(re.sub(r"(?m)^Version: .*", f"Version: {OLD}", text))
    (tree / ONLY_IN_OLD).write_text('"""Not there any more."""\n', encoding="utf-8")
    older = folder / f"kiosk_{OLD}_all.deb"
    build: list[str | Path] = [
        "dpkg-deb",
        "-Znone",
        "--root-owner-group",
        "-b",
        tree,
        older,
    ]
    subprocess.run(build, check=True, capture_output=True, timeout=60)
    return older
