"""
The effective configuration as TOML, secrets masked, each value with its origin.

What it prints can be loaded again; secrets are comments in it, as they stand in no file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import SecretStr

from kiosk.config.documents import Origin
from kiosk.config.lines import KeyPath
from kiosk.config.load import Loaded
from kiosk.config.section import Section
from kiosk.config.toml_text import toml_value


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
    text = _setting(str(path[-1]), value)
    if origins is None:
        return text
    origin = origins.get(path)
    return f"{text}  # {origin.text if origin else BUILT_IN}"


def _setting(key: str, value: object) -> str:
    if value is None:
        return f"# {key} is not set"
    if isinstance(value, SecretStr):
        return f'# {key} = "{MASK}"'
    return f"{key} = {toml_value(value)}"
