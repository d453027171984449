"""
Runs the original room servers, unmodified, where somebody has fetched them.

``ORIGINALS`` names a folder below which they lie, wherever; each is known by what
is beside its ``app.js``.  They run from a copy, so nothing of theirs is touched,
and their cloud is :file:`cloud_stand_in.js`.  None of their code is here.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from kiosk.room.messages import Dialect


STAND_IN = Path(__file__).with_name("cloud_stand_in.js")
BIZID = "8888"
SDK_APP_ID = 1400012345
ACCOUNT_TYPE = "12345"
_DEPTH = 6
_START_S = 20.0
_SIGNS = {Dialect.V1: "double_room", Dialect.V2: "controller"}
LIVE = {
    "appID": 1251234567,
    "bizid": int(BIZID),
    "pushSecretKey": "0123456789abcdef0123456789abcdef",
    "APIKey": "fedcba9876543210fedcba9876543210",
    "validTime": 604800,
    "playHost": "play.example.test",
}
_IM = {
    "sdkAppID": SDK_APP_ID,
    "accountType": ACCOUNT_TYPE,
    "administrator": "admin",
}
_CONFIG = """
const pair = require('crypto').generateKeyPairSync('ec', {{
  namedCurve: 'secp256k1',
  publicKeyEncoding: {{ type: 'spki', format: 'pem' }},
  privateKeyEncoding: {{ type: 'pkcs8', format: 'pem' }}
}})
module.exports = {config}
Object.assign(module.exports.im, pair)
"""


@dataclass(frozen=True)
class Original:
    """One original server that answers."""

    dialect: Dialect
    url: str
    cloud_log: Path

    def cloud_calls(self) -> list[dict[str, str]]:
        """Return what it asked the cloud, in order."""
        if not self.cloud_log.exists():
            return []
        return [json.loads(line) for line in self.cloud_log.read_text().splitlines()]

    def im_commands(self) -> list[str]:
        """Return what it told the IM cloud, in order."""
        paths = [urlsplit(call["url"]).path for call in self.cloud_calls()]
        return [path.rpartition("/")[2] for path in paths if path.startswith("/v4/")]


def find_original(dialect: Dialect) -> Path | None:
    """Return the folder of an original server, or None where there is none."""
    root = os.environ.get("ORIGINALS", "")
    if not root or shutil.which("node") is None:
        return None
    for folder, names, files in os.walk(root):
        deep = len(Path(folder).relative_to(root).parts) >= _DEPTH
        names[:] = [] if deep else sorted(set(names) - {"node_modules", ".git"})
        beside = Path(folder)
        if "app.js" in files and (beside / _SIGNS[dialect] / "create_room.js").exists():
            return beside.resolve()
    return None


@contextmanager
def running_original(
    dialect: Dialect, source: Path, scratch: Path
) -> Iterator[Original]:
    """Run an original from a copy in ``scratch``."""
    copy, log = scratch / "server", scratch / "cloud.jsonl"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("node_modules", ".git"))
    modules = source / "node_modules"
    (copy / "node_modules").symlink_to(modules, target_is_directory=True)
    port = _free_port()
    config = json.dumps({"port": port, "live": LIVE, "im": _IM})
    (copy / "config.local.js").write_text(_CONFIG.format(config=config))
    with (
        (scratch / "output.txt").open("wb") as output,
        subprocess.Popen(
            ["node", "--unhandled-rejections=warn", "--require", STAND_IN, "app.js"],
            cwd=copy,
            env={
                "PATH": os.environ["PATH"],
                "NODE_ENV": "local",
                "CLOUD_LOG": str(log),
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            _wait_for(port, process)
            yield Original(dialect, f"http://127.0.0.1:{port}", log)
        finally:
            process.kill()


def _free_port() -> int:
    # free at every address, as the originals listen
    everywhere = socket.AF_INET6
    with socket.create_server(
        ("::", 0), family=everywhere, dualstack_ipv6=True
    ) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 1.0):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the original server does not answer")
