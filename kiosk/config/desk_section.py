"""The room server's ``[desk]`` section: where agents answer, and who they are."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from kiosk.config.section import Section
from kiosk.config.values import Address, FilePath


_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_MAX_ROOMS, _MAX_LABEL_CHARS = 16, 64


def _header_name(text: str) -> str:
    if not _HEADER.fullmatch(text):
        raise ValueError('needs the name of an HTTP header, e.g. "X-Forwarded-User"')
    return text


HeaderName = Annotated[str, AfterValidator(_header_name)]
Label = Annotated[str, Field(min_length=1, max_length=_MAX_LABEL_CHARS)]
Labels = Annotated[
    tuple[Label, ...], Field(strict=False, min_length=1, max_length=_MAX_ROOMS)
]


class DeskSection(Section):
    """
    The agents' desk.

    Attributes:
        http: Where its page is; without it there is no desk.
        agents: File with the agents who have a password, as ``kiosk server
            --agent NAME`` prints them.
        agent_header: In which one of ``[server] trusted_proxies`` names the agent.
        rooms: Labels of rooms in which kiosks wait for agents of this desk; ``*``
            and ``?`` stand for others.
        ca_file: Whom to trust, too, where streams are at other servers with a private
            authority.
        idle_h: Hours after which a login is void that nobody used.

    """

    http: Address | None = None
    agents: FilePath | None = None
    agent_header: HeaderName | None = None
    rooms: Labels = ("*",)
    ca_file: FilePath | None = None
    idle_h: Annotated[float, Field(gt=0, le=168)] = 12.0
