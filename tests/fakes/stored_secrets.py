"""A program's configuration as a site has it: a file, and its secrets beside it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from kiosk.config.credentials import VARIABLE, Credential


Settings = Mapping[str, Mapping[str, object]]


def write_settings(
    file: Path, table: Sequence[Credential], sections: Settings
) -> dict[str, str]:
    """
    Write a configuration, and each secret of it where secrets belong.

    Args:
        file: Gets what is no secret; the secrets go into a directory beside it.
        table: The program's secrets.
        sections: All settings.

    Returns:
        What the program's environment needs for it.

    """
    plain = {name: dict(keys) for name, keys in sections.items()}
    store = file.with_suffix(".credentials")
    store.mkdir(mode=0o700, exist_ok=True)
    for one in table:
        value = plain.get(one.section, {}).get(one.key)
        if isinstance(value, str) and not one.is_file:
            del plain[one.section][one.key]
            (store / one.name).write_text(value, "utf-8")
            (store / one.name).chmod(0o600)
    file.write_text(to_toml(plain), "utf-8")
    return {VARIABLE: str(store)}


def to_toml(sections: Settings) -> str:
    """Write settings as TOML, secrets and all."""
    lines: list[str] = []
    for name, keys in sections.items():
        lines.append(f"[{name}]")
        # JSON's texts, numbers, truth values and lists of texts are TOML's.
        lines += [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    return "\n".join(lines) + "\n"


def site(
    root: Path, text: str, file: str = "kiosk.toml", **secrets: str | None
) -> Path:
    """
    Lay out a device's files below ``root``, and return that.

    Args:
        root: Its root directory, made again where there was one.
        text: What stands in ``/etc/kiosk``.
        file: In which file there.
        secrets: Section and key, joined by ``__``, and what is stored for it.

    """
    program = {"kiosk.toml": "kiosk", "server.toml": "kiosk-server"}[file]
    folder, store = root / "etc/kiosk", root / "etc/credstore"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(text, "utf-8")
    shutil.rmtree(store, ignore_errors=True)
    store.mkdir(mode=0o700)
    for name, secret in secrets.items():
        if secret is not None:
            path = store / f"{program}.{name.replace('__', '.')}"
            path.write_text(secret, "utf-8")
            path.chmod(0o600)
    return root
