"""
A layer: what it is called and needs, its variables, packages and hooks.

Source: rpi-image-gen's ``docs/layer/index.adoc``.  A header of ``# X-Env-...`` lines
between METABEGIN and METAEND, fields as in Debian's control files, then a mapping
``mmdebstrap`` that mmdebstrap, bdebstrap and our own builder understand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from layers.errors import NotRead
from layers.plain_yaml import Tree, read


_BEGIN: Final = "# METABEGIN"
_END: Final = "# METAEND"
_FIELD: Final = re.compile(r"# (X-Env-[A-Za-z0-9_-]+):(?: (.*))?")
_VARIABLE: Final = re.compile(r"X-Env-Var-([a-z0-9_]+)(?:-([A-Z][A-Za-z]*))?")


@dataclass(frozen=True, slots=True)
class Variable:
    """One that a configuration may set: ``IGconf_PREFIX_NAME``."""

    name: str
    default: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Layer:
    """
    One layer file.

    Attributes:
        path: The file.
        fields: Its header, continuation lines joined by a space.
        prefix: Of its variables, empty if it has none.
        variables: In order.
        content: Everything below ``mmdebstrap``.

    """

    path: Path
    fields: Mapping[str, str]
    prefix: str
    variables: Sequence[Variable]
    content: Tree = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What others require it by."""
        return self.fields.get("X-Env-Layer-Name", "")

    @property
    def requires(self) -> list[str]:
        """Names of layers that go before it."""
        listed = self.fields.get("X-Env-Layer-Requires", "")
        return [one.strip() for one in listed.split(",") if one.strip()]

    @property
    def packages(self) -> list[str]:
        """Debian packages."""
        return self.listed("packages")

    @property
    def overlay(self) -> Path:
        """The folder that is copied over the root before the hooks; it may not exist."""
        return self.path.with_suffix(".rootfs-overlay")

    def listed(self, key: str) -> list[str]:
        """Return a list of the content, e.g. of ``customize-hooks``; empty if absent."""
        found = self.content.get(key, [])
        return found if isinstance(found, list) else []

    def environment(self, anchors: Mapping[str, str]) -> dict[str, str]:
        """
        Return the variables as its hooks see them when nothing is configured.

        Args:
            anchors: What ``${@NAME}`` stands for.

        """
        found: dict[str, str] = {}
        for variable in self.variables:
            value = variable.default
            for name, place in anchors.items():
                value = value.replace(f"${{@{name}}}", place)
            found[f"IGconf_{self.prefix}_{variable.name}"] = value
        return found


def read_layer(path: Path) -> Layer:
    """
    Return a layer.

    Raises:
        NotRead: If its header or its content is not as ours are.

    """
    fields = _header(path)
    content = read(path).get("mmdebstrap", {})
    if not isinstance(content, dict):
        raise NotRead(path, 1, "mmdebstrap is no mapping")
    prefix = fields.get("X-Env-VarPrefix", "")
    return Layer(path, fields, prefix, _variables(fields), content)


def _header(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines or lines[0] != _BEGIN or _END not in lines:
        raise NotRead(path, 1, f"a layer begins with {_BEGIN!r} and has a {_END!r}")
    found: dict[str, str] = {}
    last = ""
    for number, line in enumerate(lines[1 : lines.index(_END)], start=2):
        match = _FIELD.fullmatch(line)
        if match:
            last = match[1]
            if last in found:
                raise NotRead(path, number, f"{last} is there twice")
            found[last] = (match[2] or "").strip()
        elif line.startswith("#  ") and last:
            found[last] = f"{found[last]} {line[3:].strip()}".strip()
        elif line != "#":
            raise NotRead(path, number, "expected '# X-Env-...' or its continuation")
    return found


def _variables(fields: Mapping[str, str]) -> list[Variable]:
    defaults: dict[str, str] = {}
    attributes: dict[str, dict[str, str]] = {}
    for key, text in fields.items():
        match = _VARIABLE.fullmatch(key)
        if match is None:
            continue
        name, attribute = match.groups()
        if attribute is None:
            defaults[name] = text
        else:
            attributes.setdefault(name, {})[attribute] = text
    return [
        Variable(name, default, attributes.get(name, {}))
        for name, default in defaults.items()
    ]
