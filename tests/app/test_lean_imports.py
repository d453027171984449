"""A kiosk does not load what its libraries bring for commands of their own."""

from __future__ import annotations

import subprocess
import sys


def said(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout.strip()


def test_the_client_works_and_brings_no_command_line() -> None:
    program = """
import sys
from kiosk.app.lean_imports import leave_commands_out
leave_commands_out()
import httpx
print({"rich", "pygments"} & set(sys.modules) or "none", httpx.Client().is_closed)
"""

    assert said(program) == "none False"


def test_it_is_no_matter_where_the_library_is_there_already() -> None:
    program = """
import httpx
from kiosk.app.lean_imports import leave_commands_out
leave_commands_out()
leave_commands_out()
print(httpx.Client().is_closed)
"""

    assert said(program) == "False"


def test_the_kiosk_is_built_without_it() -> None:
    program = """
import sys
from kiosk import app
app.prepare_to_run()
print({"rich", "pygments"} & set(sys.modules) or "none")
"""

    assert said(program) == "none"
