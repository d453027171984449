"""
A systemd of trixie as the first process of a container, and how it is asked.

systemd-nspawn makes it where the first process of this machine is none: no name of it
is registered anywhere, it has no network, and it ends with the test.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self


TREE: Final = Path(__file__).parents[2]
SYSTEM: Final = "usr/lib/systemd/system"
HISTORY: Final = "var/lib/kiosk-ladder/history.json"
MENDED: Final = "etc/mended"
STUBBORN: Final = "etc/stubborn"
_KIOSK: Final = f"""#!/usr/bin/python3
import os, pathlib, signal, socket, sys, time
if not pathlib.Path("/{MENDED}").exists():
    sys.exit(75)
if pathlib.Path("/{STUBBORN}").exists():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
speaker = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
while True:
    for word in (b"READY=1", b"WATCHDOG=1"):
        speaker.sendto(word, os.environ["NOTIFY_SOCKET"])
    time.sleep(1)
"""
_BOOT_TRIES: Final = 5
_REBOOT: Final = 133
"""systemd-nspawn's status when what is in it asks to be booted anew (--keep-unit)."""
_NO_TERMINAL: Final = "[Service]\nStandardInput=null\nTTYPath=\nDevicePolicy=auto\n"
_CARD: Final = '[display]\ndevice = "fake-drm:vc4-gen4"\n'


def lay_out(tree: Path) -> None:
    """Put the units and the package into a root, and a kiosk that fails at once."""
    for path in (TREE / "systemd").iterdir():
        if path.suffix in {".service", ".socket", ".timer", ".path", ".target"}:
            shutil.copy(path, tree / SYSTEM)
    for kind in ("sysusers", "tmpfiles"):
        shutil.copy(
            TREE / f"systemd/kiosk.{kind}", tree / f"usr/lib/{kind}.d/kiosk.conf"
        )
    package = tree / "usr/lib/python3/dist-packages/kiosk"
    shutil.copytree(TREE / "kiosk", package, ignore=shutil.ignore_patterns("*.pyc"))
    # as the package's installation does (py3compile)
    chroot(
        tree, "python3", "-m", "compileall", "-q", "/" + str(package.relative_to(tree))
    )
    program = tree / "usr/bin/kiosk"
    program.write_text(_KIOSK)
    program.chmod(0o755)
    (tree / "usr/lib/kiosk").mkdir()
    (tree / "usr/lib/kiosk/kiosk.toml").write_text(_CARD)
    for unit in ("kiosk", "kiosk-safe-screen"):
        folder = tree / f"etc/systemd/system/{unit}.service.d"
        folder.mkdir(parents=True)
        (folder / "50-container.conf").write_text(_NO_TERMINAL)
    chroot(tree, "systemd-sysusers")
    # what else of the package starts with the machine is not what is looked at here
    chroot(tree, "systemctl", "-q", "enable", "kiosk.service")


def chroot(tree: Path, *argv: str) -> str:
    """Run a program within a root; its output, AssertionError if it fails."""
    done = subprocess.run(
        ["chroot", str(tree), *argv],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
    return done.stdout


class Container:
    """
    Args:
        tree: The root file system.
        options: Of systemd-nspawn, beside the usual ones.

    Attributes:
        reboots: How often it ordered one; it is booted anew then.

    """

    def __init__(self, tree: Path, *options: str) -> None:
        self.tree = tree
        self._options = options
        self.reboots = 0
        self._tries_left = 0
        self._log = Path(f"{tree}.log")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def history(self, **content: Any) -> None:
        """Write the ladder's history, as it would stand after so many failures."""
        path = self.tree / HISTORY
        path.parent.mkdir(exist_ok=True)
        base = {"boot": "", "counted_to": 0, "rung": "", "code": "", "why": ""}
        whole = {"format": 1, "failures": [], "reboots": [], **base, **content}
        path.write_text(json.dumps(whole))

    def remembered(self) -> dict[str, Any]:
        """Return the ladder's history."""
        found: dict[str, Any] = json.loads((self.tree / HISTORY).read_text())
        return found

    def forget(self) -> None:
        """Remove the ladder's history: the next failure is the first again."""
        (self.tree / HISTORY).unlink(missing_ok=True)

    def start(self) -> None:
        """Boot."""
        self._tries_left = 0
        for name in (MENDED, STUBBORN):
            (self.tree / name).unlink(missing_ok=True)
        self._boot()

    def _boot(self) -> None:
        with self._log.open("wb") as said:
            self._process = subprocess.Popen(
                [
                    *("systemd-nspawn", "-q", "-b", "-D", str(self.tree)),
                    *("--register=no", "--keep-unit", "--private-network"),
                    *("--console=passive", *self._options, "console=null"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
            )

    def mend(self) -> None:
        """Let the kiosk start from now on."""
        (self.tree / MENDED).touch()

    def be_stubborn(self) -> None:
        """Let the kiosk hear no SIGTERM, from its next start on."""
        (self.tree / STUBBORN).touch()

    def is_active(self, unit: str) -> bool:
        """Say whether a unit is, as systemd has it; not while it boots."""
        return self.run("systemctl", "is-active", "--quiet", unit) is not None

    def run(self, *argv: str) -> str | None:
        """Run a program in it; its output, None if it fails or it boots just now."""
        first = self._first_process()
        if first is None:
            return None
        entering = ["nsenter", "-t", str(first), "-m", "-u", "-i", "-n", "-p"]
        done = subprocess.run(
            [*entering, *argv], check=False, capture_output=True, text=True, timeout=60
        )
        return done.stdout if done.returncode == 0 else None

    def wait_until(
        self, is_true: Callable[[], bool], what: str, seconds: float = 30.0
    ) -> None:
        """Wait, or fail by name."""
        deadline = time.monotonic() + seconds
        while not is_true():
            assert time.monotonic() < deadline, f"never {what}"
            time.sleep(0.1)

    def stop(self) -> None:
        """End all of it; safe to repeat."""
        process, self._process = self._process, None
        if process is None:
            return
        self._log.unlink()
        # Whoever runs it is ended first, else he boots it anew; what is in it dies with
        # its first process, and that one not with him.
        first = _first_below(process.pid)
        process.kill()
        process.wait(20)
        if first is not None:
            os.kill(first, signal.SIGKILL)
            self.wait_until(lambda: not Path(f"/proc/{first}").exists(), "ended")

    def _first_process(self) -> int | None:
        assert self._process is not None, "not started"
        status = self._process.poll()
        if status == _REBOOT:
            self.reboots += 1
            self._tries_left = _BOOT_TRIES
        if status is not None and self._tries_left:
            self._tries_left -= 1
            time.sleep(0.5)  # the one before may still hold the tree
            self._boot()
        elif status is not None:
            words = self._log.read_text("utf-8", "replace")
            raise AssertionError(f"the container ended: {status}, {words}")
        return _first_below(self._process.pid)


def _first_below(pid: int) -> int | None:
    """Return the first process of the container that another one runs."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return None
    numbers = next(line for line in status.splitlines() if line.startswith("NSpid"))
    if len(numbers.split()) > 2 and numbers.split()[-1] == "1":
        return pid
    found = (_first_below(int(child)) for child in text.split())
    return next((one for one in found if one is not None), None)
