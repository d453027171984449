"""Settings that a developer types for one start: ``--set section.key=value``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping


def overrides_of(settings: Iterable[str]) -> Mapping[str, Mapping[str, object]]:
    """
    Return what was typed, by section and key; of the same key the last one counts.

    Args:
        settings: ``section.key=value`` each; a value that is not TOML is a text.

    Raises:
        ValueError: One is of another form; the text names it.

    """
    given: dict[str, dict[str, object]] = {}
    for setting in settings:
        path, equals, value = setting.partition("=")
        section, dot, key = path.strip().partition(".")
        if not (equals and dot and section and key):
            raise ValueError(
                f"--set {setting}: must be SECTION.KEY=VALUE, "
                "e.g. --set room.server=https://rooms.example.org"
            )
        given.setdefault(section, {})[key] = _value(value.strip())
    return given


def _value(text: str) -> object:
    try:
        table = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return table["value"] if len(table) == 1 else text
