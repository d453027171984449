"""JSON made worse as a tree: it still is JSON, and says something nobody asked for."""

from __future__ import annotations

import json
from random import Random
from typing import Any


TRAPS: tuple[object, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**53, 2**63, 0.5, 1e308, -1e308, 1.0),
    *(
        "",
        "a",
        "a" * 65,
        "a" * 3000,
        "0",
        "null",
        "\u202e",
        "\x00",
        "\r\n",
        "../x",
        "\u0416",
    ),
    *("rtmp://h/live/s_x?txSecret=0", "http://169.254.169.254/", "file:///etc/passwd"),
    *(
        "__proto__",
        "<b>",
        "\U0001f3a5",
        [],
        {},
        [[]],
        {"a": {}},
        [None],
        [{}] * 70,
        "{}",
        "[]",
    ),
)
_NAMES = ("", "code", "userID", "roomID", "epoch", "a", "message", "pushers", "custom")


def worse_tree(given: bytes, random: Random) -> bytes:
    """
    Return the same message with one to three values, keys or lists changed.

    The first line, where it is no JSON, stays; what is no JSON at all comes back as it is.
    """
    line, found, _ = given.partition(b"\n")
    name = line + found if found and line[:1] != b"{" else b""
    try:
        tree: Any = json.loads(given[len(name) :])
    except (ValueError, RecursionError):
        return given
    for _ in range(random.choice((1, 1, 2, 3))):
        tree = _changed(tree, random)
    return name + json.dumps(tree, ensure_ascii=random.random() < 0.5).encode(
        "utf-8", "surrogatepass"
    )


def _changed(tree: Any, random: Random) -> Any:
    """Return the tree with something changed at one place in it."""
    if not isinstance(tree, dict | list) or not tree or random.random() < 0.15:
        return random.choice(TRAPS)
    if isinstance(tree, list):
        return _changed_list(list(tree), random)
    key = random.choice([*tree])
    match random.randrange(5):
        case 0:
            return {name: value for name, value in tree.items() if name != key}
        case 1:
            return {**tree, random.choice(_NAMES): random.choice(TRAPS)}
        case _:
            return {**tree, key: _changed(tree[key], random)}


def _changed_list(items: list[Any], random: Random) -> list[Any]:
    at = random.randrange(len(items))
    match random.randrange(4):
        case 0:
            del items[at]
        case 1:
            items[at:at] = [items[at]] * random.choice((1, 2, 16, 70))
        case _:
            items[at] = _changed(items[at], random)
    return items
