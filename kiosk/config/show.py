"""
The effective configuration as TOML, secrets masked, each value with its origin.

What it prints can be loaded again, but for the masked secrets.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import cast

from pydantic import SecretStr

from kiosk.config.documents import Origin
from kiosk.config.lines import KeyPath
from kiosk.config.load import Loaded
from kiosk.config.schema import Section


MASK = "********"
BUILT_IN = "built-in default"


def as_toml(loaded: Loaded[Section], *, with_origin: bool = False) -> str:
    """
    Write a configuration as TOML.

    Args:
        loaded: What to write; keys that are not set appear as comments.
        with_origin: Append to each key the file and line it came from.

    """
    origins = loaded.origins if with_origin else None
    lines: list[str] = []
    for name in type(loaded.config).model_fields:
        value: object = getattr(loaded.config, name)
        if isinstance(value, Section):
            lines += ["", f"[{name}]", *_section(name, value, origins)]
        else:
            lines.append(_pair((name,), value, origins))
    return "\n".join(lines) + "\n"


def _section(
    name: str, section: Section, origins: Mapping[KeyPath, Origin] | None
) -> Iterator[str]:
    for key in type(section).model_fields:
        yield _pair((name, key), getattr(section, key), origins)


def _pair(
    path: KeyPath, value: object, origins: Mapping[KeyPath, Origin] | None
) -> str:
    text = (
        f"# {path[-1]} is not set" if value is None else f"{path[-1]} = {_toml(value)}"
    )
    if origins is None:
        return text
    origin = origins.get(path)
    return f"{text}  # {origin.text if origin else BUILT_IN}"


def _toml(value: object) -> str:
    if isinstance(value, SecretStr):
        return f'"{MASK}"'
    if isinstance(value, tuple):
        items = cast("tuple[object, ...]", value)
        return f"[{', '.join(_toml(item) for item in items)}]"
    # JSON's texts, numbers and truth values are TOML's, but for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
