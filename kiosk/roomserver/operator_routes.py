"""
``utils/logfilelist`` and ``utils/getlogfile``, for operators.

The pages look like the originals'; names in them are escaped.  Who is no
operator is asked for the password by HTTP 401, so that a browser works.
"""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from kiosk.roomserver.asking import Asked, Page, RouteAbsent, retry_after
from kiosk.roomserver.log_folder import LogFile, LogFolder
from kiosk.roomserver.operators import NotAnOperator, Operators


_TEXT = "text/plain; charset=utf-8"
_UNAUTHORIZED, _NOT_FOUND, _TOO_MANY = 401, 404, 429
WAIT = b"too many wrong passwords came from there: wait a minute"
_ASK = (("WWW-Authenticate", 'Basic realm="kiosk operators", charset="UTF-8"'),)
_NO_GUESSING = (
    ("Content-Security-Policy", "default-src 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
)


class OperatorRoutes:
    """
    Log files for operators.

    Args:
        folder: None where no log folder is configured: then there is no route.

    """

    def __init__(self, operators: Operators, folder: LogFolder | None) -> None:
        self._operators = operators
        self._folder = folder

    def logfilelist(self, asked: Asked) -> Page:
        """List the log files, each a link."""
        folder = self._admitted(asked)
        if isinstance(folder, Page):
            return folder
        lines = "".join(_line(file) for file in folder.files())
        return Page(lines.encode("utf-8"), headers=_NO_GUESSING)

    def getlogfile(self, asked: Asked) -> Page:
        """Show one of the files listed."""
        folder = self._admitted(asked)
        if isinstance(folder, Page):
            return folder
        content = folder.read(asked.query.get("file", "").removeprefix("./"))
        if content is None:
            return Page(b"no such log file", _TEXT, _NOT_FOUND, _NO_GUESSING)
        return Page(content, _TEXT, headers=_NO_GUESSING)

    def _admitted(self, asked: Asked) -> LogFolder | Page:
        if self._folder is None:
            raise RouteAbsent
        try:
            self._operators.admit(asked)
        except NotAnOperator as refused:
            if refused.wait_s:
                return Page(WAIT, _TEXT, _TOO_MANY, retry_after(refused.wait_s))
            return Page(b"operators only", _TEXT, _UNAUTHORIZED, _ASK)
        return self._folder


def _line(file: LogFile) -> str:
    link = escape(f"getlogfile?file={quote(file.name, safe='')}", quote=True)
    shown = escape(f"./{file.name} ( {file.size // 1024}KB )")
    return f'<a href="{link}">{shown}</a><br>'
