"""How many entries every table below an object has, whoever forgot to bound it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet


OURS = "kiosk."


def table_sizes(*roots: object) -> dict[str, int]:
    """Return the entries of all containers by ``Class.attribute``, summed."""
    sizes: Counter[str] = Counter()
    seen: set[int] = set()
    waiting: list[tuple[str, object]] = [("", root) for root in roots]
    while waiting:
        label, value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Mapping | AbstractSet | list | tuple | deque):
            sizes[label] += len(value)
        waiting += _below(label, value)
    return dict(sizes)


def _below(label: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        yield from ((label + "[]", one) for one in tuple(value.values()))
    elif isinstance(value, AbstractSet | list | tuple | deque):
        yield from ((label + "[]", one) for one in tuple(value))
    elif type(value).__module__.startswith(OURS):
        for name in _attributes(value):
            yield f"{type(value).__name__}.{name}", getattr(value, name)
    elif callable(value):
        yield from ((label, cell) for cell in _closed_over(value))


def _attributes(value: object) -> set[str]:
    slots = (getattr(kind, "__slots__", ()) for kind in type(value).__mro__)
    names = {
        name for some in slots for name in ([some] if isinstance(some, str) else some)
    }
    names |= set(getattr(value, "__dict__", {}))
    return {name for name in names if hasattr(value, name)}


def _closed_over(call: object) -> list[object]:
    """Return what a bound method, a closure or a partial holds on to."""
    cells = getattr(call, "__closure__", None) or ()
    held = [cell.cell_contents for cell in cells if cell.cell_contents is not call]
    return [*held, getattr(call, "__self__", None), *getattr(call, "args", ())]
