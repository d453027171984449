"""Ways out of a folder that somebody has tried on some server."""

from __future__ import annotations

from itertools import product
from urllib.parse import unquote


def traversals() -> list[str]:
    """Ways out of a folder that somebody has tried on some server."""
    ups = ["../", "..\\", "....//", "..;/", "./../", "..%2f", "%2e%2e/", "%2e%2e%2f"]
    ups += ["..%252f", "..%c0%af", "..%ef%bc%8f", "\u2025/", "\uff0e\uff0e/", "/../"]
    ends = ["secret.txt", "secret.txt\0", "secret.txt\0.log", "secret.txt%00.log"]
    ends += ["../secret.txt", "etc/passwd"]
    paths = [up * deep + end for up, deep, end in product(ups, (1, 3), ends)]
    paths += [unquote(path) for path in paths if "%" in path]
    paths += ["/etc/passwd", "file:///etc/passwd", "~/secret.txt", "", ".", "..", "/"]
    paths += ["sub", "sub/inner.log", "sub\\inner.log", ".hidden", "link.log", "\0"]
    paths += ["pipe.log", "server.log/", "server.log/.", "server.log\0", "server.log "]
    paths += ["SERVER.LOG", "server.log/../../secret.txt", "*", "server*", "-", "con"]
    return paths
