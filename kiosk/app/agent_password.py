"""Makes an agent of the desk: a password's hash, to be put into the agents' file."""

from __future__ import annotations

import getpass
import hmac
import json
import secrets
import sys
from collections.abc import Callable, Iterator

from kiosk.agentdesk.agents_file import AGENT_ID
from kiosk.agentdesk.passwords import SALT_BYTES, new_hash
from kiosk.errors import ConfigError


def new_agent(agent_id: str, ask: Callable[[], str] | None = None) -> Iterator[str]:
    """
    Ask for a password and yield the agent's part of the file, in lines.

    Args:
        agent_id: What he logs in as.
        ask: Returns the password; by default the terminal, or a line of stdin.

    Raises:
        ConfigError: That is no name, or no password.

    """
    if not AGENT_ID.fullmatch(agent_id):
        text = "--agent: needs a name of 1 to 64 of A-Z a-z 0-9 _ . @ -"
        raise ConfigError((text,))
    try:
        made = new_hash((ask or _ask)(), secrets.token_bytes(SALT_BYTES))
    except ValueError as error:
        raise ConfigError((f"--agent: {error}",)) from None
    yield f"[{json.dumps(agent_id)}]"
    yield f"name = {json.dumps(agent_id)}  # what customers read"
    yield f"password = {json.dumps(str(made))}"


def _ask() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("password: ")
    again = getpass.getpass("once more: ")
    if not hmac.compare_digest(again.encode(), password.encode()):
        raise ConfigError(("--agent: the two were not the same",))
    return password
