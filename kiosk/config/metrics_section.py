"""The section ``[metrics]``: figures for a Prometheus on this machine."""

from __future__ import annotations

import ipaddress
from typing import Annotated

from pydantic import AfterValidator

from kiosk.config.section import Section
from kiosk.config.values import Address, parse_address


def _loopback(text: str) -> str:
    host, _ = parse_address(text)
    try:
        is_here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = False
    if not is_here:
        raise ValueError(
            "must be an address of this machine alone, such as 127.0.0.1:9110; "
            "have a Prometheus agent here send it on"
        )
    return text


class MetricsSection(Section):
    """
    Figures for a Prometheus on this machine.

    Attributes:
        listen: Where ``/metrics`` is served over HTTP, to this machine alone; none by
            default. The control socket has the same at ``/metrics``, always.

    """

    listen: Annotated[Address, AfterValidator(_loopback)] | None = None
