"""Values as they are written in a TOML file."""

from __future__ import annotations

import json
from typing import cast


def toml_value(value: object) -> str:
    """Return a text, number, truth value, list or table as TOML has it."""
    if isinstance(value, tuple | list):
        items = cast("tuple[object, ...]", value)
        return f"[{', '.join(toml_value(item) for item in items)}]"
    if isinstance(value, dict):
        pairs = cast("dict[str, object]", value).items()
        inner = ", ".join(f"{toml_value(k)} = {toml_value(v)}" for k, v in pairs)
        return f"{{{inner}}}"
    # JSON's texts, numbers and truth values are TOML's, but for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
