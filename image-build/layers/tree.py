"""Reads everything below ``image-build`` that the linter and the builder look at."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from layers import configs, rules
from layers.layer import Layer, read_layer


HERE: Final = Path(__file__).parents[1]
_SOURCES: Final = HERE.parent / "packaging" / "sources.toml"


def our_layers(folder: Path = HERE / "layer") -> dict[str, Layer]:
    """Return the layers of a folder, by name of their file."""
    return {path.stem: read_layer(path) for path in sorted(folder.glob("*.yaml"))}


def theirs() -> dict[str, Any]:
    """Return what ``rpi-image-gen.toml`` says."""
    return tomllib.loads((HERE / "rpi-image-gen.toml").read_text(encoding="utf-8"))


def only_in_pi_archive() -> frozenset[str]:
    """Return the Debian packages that plain Debian does not have."""
    table = tomllib.loads(_SOURCES.read_text(encoding="utf-8"))
    return frozenset(
        row["debian"] for row in table["library"] if row["from"]["pi"] == "pi-archive"
    )


def findings() -> Iterator[str]:
    """Yield what is wrong with any layer or configuration of ours."""
    layers = our_layers()
    known = theirs()
    names = frozenset(known["layers"])
    yield from rules.findings(rules.Tree(layers, names, only_in_pi_archive()))
    settings = {
        **known["settings"],
        **{
            layer.prefix: [variable.name for variable in layer.variables]
            for layer in layers.values()
            if layer.prefix
        },
    }
    yield from configs.findings(
        sorted((HERE / "config").glob("*.yaml")), names | set(layers), settings
    )
