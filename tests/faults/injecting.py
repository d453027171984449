"""
How an injector is written and found.

.. code-block:: python

    @injector("N04")
    @contextmanager
    def blackhole(stage: Stage, params: Params) -> Iterator[None]:
        break_it()
        yield  # the fault is there
        mend_it()  # its cause is gone

It acts on the stage's own processes and ways, never on the product's insides, and
leaves the stage as it was: what it started it ends, also when it is interrupted.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

from tests.faults.catalogue import Fault, Params
from tests.faults.stage import Stage


Injector = Callable[[Stage, Params], AbstractContextManager[None]]
Made = TypeVar("Made", bound=Injector)

_FAULTS: dict[int, frozenset[str]] = {}
"""Which rows an injector makes, by its identity."""


def injector(*fault_ids: str) -> Callable[[Made], Made]:
    """Mark a function as what makes the faults of those rows."""

    def mark(made: Made) -> Made:
        _FAULTS[id(made)] = frozenset(fault_ids)
        return made

    return mark


def injector_of(fault: Fault) -> Injector:
    """
    Return what makes a fault.

    Raises:
        LookupError: There is no such function, or it is for other rows.

    """
    module, _, name = fault.injector.rpartition(".")
    family = importlib.import_module(f"tests.faults.injectors.{module}")
    found: Injector | None = getattr(family, name, None)
    if found is None or fault.id not in _FAULTS.get(id(found), ()):
        raise LookupError(f"{fault.injector} does not make {fault.id}")
    return found
