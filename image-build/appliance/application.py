"""
The application layers of the flashable images, laid out here: same files, same hooks.

What is tested in the appliance is what is flashed: packages, overlays and hooks come
from ``layer/*.yaml``, which rpi-image-gen reads as well.  Nothing of a Raspberry Pi's
is in these layers; the linter sees to that.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from appliance.errors import BuildError
from appliance.recipe import HERE, run
from layers.layer import Layer, read_layer


LAYERS: Final = ("kiosk-app", "kiosk-lockdown")
"""In the order that rpi-image-gen plans them."""

_DONE_HERE: Final = frozenset({"packages", "customize-hooks"})


def layers() -> list[Layer]:
    """Return the application's layers."""
    return [read_layer(HERE / "layer" / f"{name}.yaml") for name in LAYERS]


def packages() -> list[str]:
    """Return the Debian packages of the application's layers."""
    return [package for layer in layers() for package in layer.packages]


def made_of() -> list[Path]:
    """Return the files and folders that :func:`lay_out` depends on."""
    files = [layer.path for layer in layers()]
    overlays = [layer.overlay for layer in layers() if layer.overlay.is_dir()]
    return [*files, *overlays, HERE / "inventory", Path(__file__)]


def lay_out(
    tree: Path, package: Path, settings: Mapping[str, str] = MappingProxyType({})
) -> None:
    """
    Do what the layers say to a root that has their packages.

    Args:
        tree: The root.
        package: The kiosk's Debian package.
        settings: Variables of the layers that are not as by default.

    Raises:
        BuildError: If a hook fails, or a layer has a phase that is not done here.

    """
    ours = {"IGconf_kiosk_package": str(package), "IGconf_kiosk_wheels": ""}
    for layer in layers():
        if unknown := sorted(set(layer.content) - _DONE_HERE):
            raise BuildError(f"{layer.path}: {', '.join(unknown)} is not done here")
        if layer.overlay.is_dir():
            lay_over(tree, layer.overlay)
        variables = {**layer.environment({"SRCROOT": str(HERE)}), **ours, **settings}
        for number, hook in enumerate(layer.listed("customize-hooks"), start=1):
            _run_hook(hook, tree, variables, f"{layer.name}, hook {number}")


def _run_hook(hook: str, tree: Path, variables: Mapping[str, str], what: str) -> None:
    """Run a hook as mmdebstrap does: the root is ``$1``, and has its ``/proc``."""
    set_here = [f"{name}={value}" for name, value in variables.items()]
    shell: list[str | Path] = ["env", *set_here, "sh", "-c", hook, "exec", tree]
    if (tree / "proc").is_dir():
        mounted = 'mount -t proc proc "$0/proc" && exec "$@"'
        shell = ["unshare", "--mount", "sh", "-c", mounted, tree, *shell]
    run(shell, what)


def lay_over(tree: Path, overlay: Path) -> None:
    """Copy an overlay over a root, as root's whoever checked it out, whatever umask."""
    shutil.copytree(
        overlay, tree, dirs_exist_ok=True, symlinks=True, copy_function=_as_roots
    )
    for folder, _, _ in os.walk(overlay):
        (tree / Path(folder).relative_to(overlay)).chmod(0o755)


def _as_roots(source: str, target: str) -> str:
    shutil.copyfile(source, target)
    is_program = Path(source).stat().st_mode & 0o100
    Path(target).chmod(0o755 if is_program else 0o644)
    return target
