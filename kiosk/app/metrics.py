"""The figures for a Prometheus on this machine, where ``[metrics] listen`` asks for them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Any

from kiosk.config.schema import KioskConfig
from kiosk.config.values import parse_address
from kiosk.control.ports import ControlledDaemon


def metrics_of(
    config: KioskConfig, daemon: ControlledDaemon
) -> list[Callable[[], Coroutine[Any, Any, None]]]:
    """Return what runs beside the daemon: a server of figures, or nothing."""
    if config.metrics.listen is None:
        return []
    host, port = parse_address(config.metrics.listen)
    server = import_module("kiosk.control.metrics_server").MetricsServer
    return [server(host, port, daemon).run]
