"""
What has to be compiled for the guest: two kernel drivers and a few wheels.

Both are compiled in a root file system of the guest's release that is thrown away, with
the guest's own compiler.  Wheels come through this machine's pip, as it is configured.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from appliance.cache import Cache, key_of
from appliance.recipe import HERE, PYTHON, RELEASE, listed, run
from appliance.root import debian, kernel_release


_MODULES: Final = HERE / "modules"
_WHEELS: Final = HERE / "wheels"
_BUILDER: Final = HERE / "packages" / "builder.list"
_COMPILED: Final = frozenset({"pidng"})
_PLATFORMS: Final = ("manylinux_2_28_x86_64", "manylinux2014_x86_64")


def compiled(cache: Cache, root: Path) -> Path:
    """
    Return the folder with ``modules/*.ko`` and ``wheels/*.whl`` for a root.

    Args:
        cache: Where they are kept.
        root: See :func:`appliance.root.base_root`.

    """
    release = kernel_release(root)

    def make(folder: Path) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            fetched = Path(scratch)
            _fetch(fetched)
            (folder / "modules").mkdir()
            (folder / "wheels").mkdir()
            _build(release, fetched, folder)
            for wheel in fetched.glob("*.whl"):
                (folder / "wheels" / wheel.name).write_bytes(wheel.read_bytes())

    return cache.get("compiled", compiled_key(release), make)


def compiled_key(release: str) -> str:
    """Return the key of what is compiled for a kernel."""
    return key_of([RELEASE, release, PYTHON, _MODULES, _WHEELS, _BUILDER])


def _fetch(folder: Path) -> None:
    pins = listed(_WHEELS / "virtual.txt")
    ready = [pin for pin in pins if pin.split("==")[0] not in _COMPILED]
    sources = [pin for pin in pins if pin.split("==")[0] in _COMPILED]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    download = [*pip, "download", "--quiet", "--no-deps", "--dest", str(folder)]
    platforms = [word for one in _PLATFORMS for word in ("--platform", one)]
    run(
        [
            *download,
            "--only-binary=:all:",
            f"--python-version={PYTHON}",
            *platforms,
            *ready,
        ],
        "fetching the wheels",
    )
    run([*download, "--no-binary=:all:", *sources], "fetching sources of wheels")


def _build(release: str, fetched: Path, out: Path) -> None:
    kernel = release.split("+", maxsplit=1)[0].rsplit(".", 1)[0]
    debian(
        [
            f"--customize-hook=cp {_MODULES}/build.sh $1/root/modules.sh",
            f"--customize-hook=cp {_WHEELS}/build.sh $1/root/wheels.sh",
            f"--customize-hook=cp -r {fetched} $1/root/sources",
            f'--customize-hook=chroot "$1" /root/modules.sh {release} /root/ko',
            '--customize-hook=chroot "$1" /root/wheels.sh /root/sources /root/whl',
            f"--customize-hook=cp $1/root/ko/* {out}/modules/",
            f"--customize-hook=cp $1/root/whl/* {out}/wheels/",
        ],
        [*listed(_BUILDER), f"linux-headers-{release}", f"linux-source-{kernel}"],
        f"compiling for the kernel {release} (gone from the archive? use --fresh)",
        out="/dev/null",
    )
