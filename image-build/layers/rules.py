"""
What every layer has to keep to, each rule on its own; nothing is built or fetched.

rpi-image-gen has a lint of its own, which needs its checkout (``make image-plan``).
These rules need nothing, and some are about the kiosk: what may stand in a layer that
the virtual appliance is made of, and what no image may ship.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layers.layer import Layer


ANYWHERE: Final = frozenset({"kiosk-app", "kiosk-lockdown"})
"""Layers for any Debian: with these the appliance is built."""

_FIELDS: Final = frozenset(
    f"X-Env-Layer-{name}"
    for name in (
        *("Name", "Category", "Desc", "Version"),
        *("Requires", "RequiresProvider", "Provides", "Conflicts"),
    )
) | {"X-Env-VarPrefix"}
_ATTRIBUTES: Final = ("Desc", "Required", "Valid", "Set")
_KEYS: Final = frozenset(
    {"packages", "setup-hooks", "essential-hooks", "customize-hooks", "cleanup-hooks"}
)
_VERSION: Final = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}")
_PACKAGE: Final = re.compile(r"[a-z0-9][a-z0-9+.-]+")
_USED: Final = re.compile(r"IGconf_[A-Za-z0-9_]+")
_TECHNICIANS: Final = ("kiosk", "credstore", "NetworkManager/system-connections")
_SHARED: Final = Path("etc/rpi-image-gen/slot-shared.d")


@dataclass(frozen=True, slots=True)
class Tree:
    """
    All that a rule may look at.

    Attributes:
        layers: Ours, by name.
        theirs: Names of the tool's layers that we use.
        elsewhere: Debian packages that are in no archive but the Raspberry Pi's.

    """

    layers: Mapping[str, Layer]
    theirs: frozenset[str]
    elsewhere: frozenset[str]


Rule = Callable[[Layer, Tree], Iterator[str]]


def findings(tree: Tree) -> Iterator[str]:
    """Yield what is wrong, each as ``file: text``."""
    for layer in tree.layers.values():
        for rule in RULES:
            for text in rule(layer, tree):
                yield f"{layer.path}: {text}"


def _header(layer: Layer, _: Tree) -> Iterator[str]:
    if layer.name != layer.path.stem:
        yield f"is called {layer.name!r}, not as its file"
    if not _VERSION.fullmatch(layer.fields.get("X-Env-Layer-Version", "")):
        yield "X-Env-Layer-Version is not MAJOR.MINOR.PATCH"
    for name in ("Category", "Desc"):
        if not layer.fields.get(f"X-Env-Layer-{name}"):
            yield f"X-Env-Layer-{name} says nothing"
    for name in layer.fields:
        if name not in _FIELDS and not name.startswith("X-Env-Var-"):
            yield f"{name} is no field that we use"


def _needs(layer: Layer, tree: Tree) -> Iterator[str]:
    for name in layer.requires:
        if name not in tree.layers and name not in tree.theirs:
            yield f"requires {name!r}, which is neither ours nor in rpi-image-gen.toml"
    if layer.name in _all_before(layer, tree):
        yield "requires itself"


def _all_before(layer: Layer, tree: Tree) -> set[str]:
    found: set[str] = set()
    waiting = [*layer.requires]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += tree.layers[name].requires if name in tree.layers else []
    return found


def _variables(layer: Layer, _: Tree) -> Iterator[str]:
    if bool(layer.prefix) != bool(layer.variables):
        yield "X-Env-VarPrefix and variables belong together"
    for one in layer.variables:
        missing = [name for name in _ATTRIBUTES if not one.attributes.get(name)]
        if missing:
            yield f"variable {one.name} has no {', '.join(missing)}"
        if unknown := sorted(set(one.attributes) - set(_ATTRIBUTES)):
            yield f"variable {one.name} has {', '.join(unknown)}"
        if not one.default and not one.attributes.get("Valid", "").endswith("or-empty"):
            yield f"variable {one.name} has no default"
    declared = {variable.name for variable in layer.variables}
    for name in layer.fields:
        match = re.fullmatch(r"X-Env-Var-([a-z0-9_]+)-[A-Z]\w*", name)
        if match and match[1] not in declared:
            yield f"{name} is about a variable that is not there"


def _content(layer: Layer, _: Tree) -> Iterator[str]:
    for key, value in layer.content.items():
        if key not in _KEYS:
            yield f"mmdebstrap key {key!r}: only {', '.join(sorted(_KEYS))}"
        elif not isinstance(value, list):
            yield f"{key} is no list"


def _packages(layer: Layer, tree: Tree) -> Iterator[str]:
    seen: set[str] = set()
    before = {
        package
        for name in _all_before(layer, tree) & set(tree.layers)
        for package in tree.layers[name].packages
    }
    for package in layer.packages:
        if not _PACKAGE.fullmatch(package):
            yield f"{package!r} is no package's name"
        if package in seen or package in before:
            yield f"package {package} is there twice"
        if layer.name in ANYWHERE and package in tree.elsewhere:
            yield f"{package} is in the Raspberry Pi's archive only"
        seen.add(package)


def _anywhere(layer: Layer, tree: Tree) -> Iterator[str]:
    if layer.name in ANYWHERE:
        for name in sorted(_all_before(layer, tree) - ANYWHERE):
            yield f"is for any Debian, but requires {name}"


def _hooks(layer: Layer, tree: Tree) -> Iterator[str]:
    known = set(layer.environment({}))
    for name in _all_before(layer, tree) & set(tree.layers):
        known |= set(tree.layers[name].environment({}))
    for key in layer.content:
        if not key.endswith("-hooks"):
            continue
        for number, hook in enumerate(layer.listed(key), start=1):
            place = f"{key}, number {number}"
            done = subprocess.run(
                ["sh", "-n"], input=hook, capture_output=True, text=True, check=False
            )
            if done.returncode != 0:
                yield f"{place}: {done.stderr.strip()}"
            if "\n" in hook and "set -eu" not in hook.splitlines():
                yield f"{place}: several commands without 'set -eu'"
            if "$1" not in hook:
                yield f"{place}: does nothing to the root, $1"
            for name in sorted(set(_USED.findall(hook)) - known):
                yield f"{place}: {name} has no default here"


def _overlay(layer: Layer, _: Tree) -> Iterator[str]:
    """
    Nothing is shipped where a technician's files are.

    On an image with two slots shared folders are filled from the image at each boot:
    a file in one would undo what somebody wrote there.
    """
    etc = layer.overlay / "etc"
    for place in _TECHNICIANS:
        if (etc / place).exists():
            yield f"ships files in /etc/{place}, which is the technician's"
    for path in sorted((layer.overlay / _SHARED).glob("*.conf")):
        lines = path.read_text(encoding="utf-8").splitlines()
        said = [line for line in lines if line and not line.startswith("#")]
        if "Version=1" not in said:
            yield f"{path.name}: no Version=1, so nothing in it is shared"
        for line in said:
            shared = line.removeprefix("Path=")
            if line == "Version=1":
                continue
            if shared == line or not shared.startswith("/"):
                yield f"{path.name}: {line!r} is no Path=/..."
            elif (layer.overlay / shared[1:]).exists():
                yield f"{path.name}: ships files in {shared}, which is shared"


RULES: Final[tuple[Rule, ...]] = (
    _header,
    _needs,
    _variables,
    _content,
    _packages,
    _anywhere,
    _hooks,
    _overlay,
)
