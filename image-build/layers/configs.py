"""What every configuration has to keep to: files, layers and keys that exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from layers.plain_yaml import Tree, read


_FREE: Final = frozenset({"trait", "include", "layer"})


def findings(
    paths: Sequence[Path], layers: frozenset[str], settings: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """
    Yield what is wrong, each as ``file: text``.

    Args:
        paths: The configurations.
        layers: Names of all layers that there are.
        settings: Keys that may be set, by section.

    """
    by_name = {path.name: read(path) for path in paths}
    for path in paths:
        said = by_name[path.name]
        for text in (*_unknown(said, settings), *_layers(said, layers)):
            yield f"{path}: {text}"
        included = _text(said, "include", "file")
        if "include" in said and included not in by_name:
            yield f"{path}: includes {included!r}, which is not here"


def _unknown(said: Tree, settings: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for section, keys in said.items():
        if section in _FREE:
            continue
        if section not in settings or not isinstance(keys, dict):
            yield f"{section}: no section that we know"
            continue
        for key in keys:
            if key not in settings[section]:
                yield f"{section}.{key}: no key that we know"


def _layers(said: Tree, layers: frozenset[str]) -> Iterator[str]:
    listed = said.get("layer", {})
    named = list(listed.values()) if isinstance(listed, dict) else []
    named += [_text(said, section, "layer") for section in ("device", "image")]
    for name in named:
        if name and name not in layers:
            yield f"layer {name!r} does not exist"


def _text(said: Tree, section: str, key: str) -> str:
    below = said.get(section)
    found = below.get(key, "") if isinstance(below, dict) else ""
    return found if isinstance(found, str) else ""
