"""
The tests of the parts on what a device runs: the release's own Python and packages.

In a root file system of the release that is kept, in namespaces that end with the run; no
kernel is booted.  Left out is what needs a browser, another checker or this machine's
network, and what judges the tree and not the product: that runs on the host.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from appliance.application import packages
from appliance.cache import Cache, key_of
from appliance.compiled import compiled
from appliance.recipe import HERE, PYTHON, RELEASE, listed, run
from appliance.root import base_root, debian


_TREE: Final = HERE.parent
_LIST: Final = HERE / "packages" / "suite.list"
_WHEELS: Final = HERE / "wheels" / "suite.txt"
_PLACE: Final = "srv/kiosk"
_ON_THE_HOST: Final = (
    *("agentdesk", "appliance", "bench", "conformance", "e2e", "hardware"),
    *("image_build", "interop", "lab", "package", "repo", "service", "simulator", "ui"),
    # what judges by whole programs and instruments of the host; starved of all memory
    # Python 3.13 itself dies in places, which a service survives by its next start
    *("borders", "chaos", "faults", "mutation", "powerloss", "reliability"),
    *("simulation", "soak"),
)
_LEFT_TO_THE_HOST: Final = ("-W", "ignore::pytest.PytestUnraisableExceptionWarning")
"""Of an aborted handshake Debian's anyio leaves the socket to Python 3.13's collector,
which tells it to whatever test is running then; the newest libraries close it."""
_INSIDE: Final = """
set -e
mount --bind "$0" "$0"  # a mount of its own: namespaces are made below it
mount -t proc proc "$0/proc"
mount --rbind /dev "$0/dev"
mount --rbind /sys "$0/sys"
mount -t tmpfs tmpfs "$0/tmp"
mount -t tmpfs tmpfs "$0/run"
mount -t tmpfs tmpfs "$0/srv"
mkdir "$0/srv/kiosk"
tr -d - </proc/sys/kernel/random/uuid >"$0/etc/machine-id"
tar --extract --directory "$0/srv/kiosk" --no-same-owner
root=$0
exec chroot "$root" "$@" </dev/null
"""


def run_part_suites(cache: Cache, state: str, words: Sequence[str]) -> int:
    """
    Run the tests of this working tree, and return pytest's exit code.

    Args:
        cache: Where the root file system is kept.
        state: Of the archive, see :func:`appliance.root.base_root`.
        words: For pytest: what is run, in place of all parts.

    """
    root = part_root(cache, state)
    parts = words or [
        f"tests/{path.name}"
        for path in sorted((_TREE / "tests").iterdir())
        if path.name not in _ON_THE_HOST
        and (path.name.startswith("test_") or any(path.glob("**/test_*.py")))
    ]
    pytest = ("python3", "-m", "pytest", "-q", "-n", "3", "--dist", "worksteal")
    inside = f'cd /{_PLACE} && exec "$@"'
    command = [
        *("unshare", "--mount", "--pid", "--fork", "--kill-child"),
        *("bash", "-c", _INSIDE, str(root)),
        *(
            "env",
            "-i",
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME=/root",
            "LANG=C.UTF-8",
            f"CI={os.environ.get('CI', '')}",
        ),
        *("PYTHONDONTWRITEBYTECODE=1", "bash", "-c", inside, "-"),
        *(*pytest, "-p", "no:cacheprovider", *_LEFT_TO_THE_HOST, *parts),
    ]
    return subprocess.run(command, check=False, input=_packed_tree()).returncode


def _packed_tree() -> bytes:
    """Return what is or will be under version control, as a tar archive."""
    ask = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    known = subprocess.run(ask, cwd=_TREE, check=True, capture_output=True).stdout
    names = [name for name in known.split(b"\0") if name and _is_there(name)]
    tar = ["tar", "--create", "--null", "--files-from=-"]
    packed = subprocess.run(
        tar, cwd=_TREE, check=True, capture_output=True, input=b"\0".join(names)
    )
    return packed.stdout


def _is_there(name: bytes) -> bool:
    return (_TREE / name.decode()).exists()


def part_root(cache: Cache, state: str) -> Path:
    """Return the root file system that the parts are tested in; see above."""
    base = base_root(cache, state)
    wheels = compiled(cache, base) / "wheels"
    names = [*packages(), *listed(_LIST)]

    def make(folder: Path) -> None:
        debian([], names, "the root the parts are tested in", out=str(folder))
        target = folder / f"usr/local/lib/python{PYTHON}/dist-packages"
        target.mkdir(parents=True, exist_ok=True)
        for wheel in wheels.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(target)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install"]
        only = ("--no-deps", "--only-binary=:all:", f"--python-version={PYTHON}")
        words = [*pip, "--quiet", "--target", str(target), *only, *listed(_WHEELS)]
        run(words, "fetching wheels for the tests")
        shutil.rmtree(folder / "var/cache/apt", ignore_errors=True)

    key = key_of([RELEASE, state, *names, _WHEELS, wheels])
    return cache.get("suite", key, make)
