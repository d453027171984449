"""
Secrets: which there are, and reading them from the directory that systemd gives.

1. A secret stands in no configuration file: people copy, mail and commit those.  Each
   is a file of its own, a *credential* of systemd, named after the setting it fills:
   ``kiosk.room.enrolment_key`` is ``[room] enrolment_key``.
2. They lie in ``/etc/credstore`` (root, 0600); ``ImportCredential=`` hands a service
   its own in ``$CREDENTIALS_DIRECTORY``.  The room server's begin with
   ``kiosk-server.``: where both services run, neither gets the other's.
3. The tables are written out, not read from the schema: what provisions a device
   must not need pydantic.  A test holds the two together.

Source: systemd.exec(5), ``ImportCredential=``; systemd.system-credentials(7).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Final, cast

from kiosk.config.documents import Document, Table, Unreadable, printable, read_bytes
from kiosk.config.lines import KeyPath


VARIABLE: Final = "CREDENTIALS_DIRECTORY"
"""What systemd tells a service its credentials' directory with; developers set it."""

STORE: Final = Path("etc/credstore")
"""Where they are put, below the root directory."""

ENCRYPTED_STORE: Final = Path("etc/credstore.encrypted")

MAX_TEXT_BYTES: Final = 4096
MAX_FILE_BYTES: Final = 1 << 16

_OTHERS: Final = stat.S_IRWXO | stat.S_IWGRP
# Group read is no fault: systemd gives the service's user its files by an access
# list, whose mask shows there.


@dataclass(frozen=True, slots=True)
class Credential:
    """
    One secret.

    Attributes:
        program: ``kiosk`` or ``kiosk-server``.
        section: Of the setting that it fills.
        key: Of that setting.
        is_file: Whether the setting is the path of a file that is secret, such as a
            private key; the credential is that file then, and a path may stand in
            the configuration instead.

    """

    program: str
    section: str
    key: str
    is_file: bool = False

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.program}.{self.section}.{self.key}"

    @property
    def path(self) -> KeyPath:
        """The setting that it fills."""
        return (self.section, self.key)

    @property
    def cure(self) -> str:
        """How it is put in its place."""
        return (
            f"sudo install -D -m 600 /dev/stdin /{STORE}/{self.name}"
            "  (then type the secret, Enter, Ctrl-D)"
        )


KIOSK: Final = (
    Credential("kiosk", "room", "enrolment_key"),
    Credential("kiosk", "network", "key", is_file=True),
    Credential("kiosk", "network", "proxy_password"),
)
"""The secrets of ``kiosk.toml``."""

SERVER: Final = (
    Credential("kiosk-server", "server", "push_key"),
    Credential("kiosk-server", "server", "play_key"),
    Credential("kiosk-server", "store", "password"),
    Credential("kiosk-server", "operators", "password"),
    Credential("kiosk-server", "mixing", "api_key"),
    Credential("kiosk-server", "media", "hook_secret"),
    Credential("kiosk-server", "recorder", "query"),
    Credential("kiosk-server", "tls", "key", is_file=True),
    Credential("kiosk-server", "im", "private_key", is_file=True),
    Credential("kiosk-server", "desk", "agents", is_file=True),
)
"""The secrets of ``server.toml``."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """
    What a directory of credentials holds.

    Attributes:
        documents: One for each secret that can be used.
        mistakes: One line each.
        unknown: Settings of which nothing can be said: their secret is wrong, or it
            is there and may not be read.
        notices: What a person should know who is told of no mistake.

    """

    documents: tuple[Document, ...] = ()
    mistakes: tuple[str, ...] = ()
    unknown: frozenset[KeyPath] = field(default_factory=frozenset[KeyPath])
    notices: tuple[str, ...] = ()


def read_secrets(
    table: Sequence[Credential],
    root: Path,
    *,
    only_given: bool = False,
    to_run: bool = False,
    environment: Mapping[str, str] = os.environ,
    source: Path = Path("/") / STORE,
) -> Secrets:
    """
    Read one program's secrets.

    Args:
        table: Which; :data:`KIOSK` or :data:`SERVER`.
        root: Below it is the store that is looked into where no directory is given;
            only with ``/`` the environment is asked for one.
        only_given: Leave the store alone.
        to_run: The program itself is started: what it may not read is not there.
        environment: Of the process.
        source: Of what systemd gives: its copies do not tell who may read the
            store they are made of.

    """
    given = environment.get(VARIABLE) if root == Path("/") else None
    if given:
        return _beside_their_source(_read_all(table, Path(given)), table, source)
    if only_given:
        return Secrets()
    store = root / STORE
    try:
        found = _read_all(table, store)
    except PermissionError:
        if to_run:
            return Secrets()
        return Secrets(
            unknown=frozenset(one.path for one in table),
            notices=(
                f"the secrets in {store} were not looked at: only root may, with sudo",
            ),
        )
    sealed = {
        one.path for one in table if os.path.lexists(root / ENCRYPTED_STORE / one.name)
    }
    return Secrets(found.documents, found.mistakes, found.unknown | sealed)


def without_secrets(
    document: Document, table: Sequence[Credential]
) -> tuple[Document, tuple[tuple[KeyPath, str], ...]]:
    """Take out what is a secret; return, too, each one's setting and what to do."""
    rest = dict(document.table)
    misplaced: list[tuple[KeyPath, str]] = []
    for one in table:
        section = rest.get(one.section)
        if not one.is_file and isinstance(section, dict) and one.key in section:
            kept = cast("Table", section)
            rest[one.section] = {k: v for k, v in kept.items() if k != one.key}
            cure = f"delete it here, and store it: {one.cure}"
            text = f"is a secret, and secrets stand in no configuration; {cure}"
            misplaced.append((one.path, text))
    return replace(document, table=rest), tuple(misplaced)


def _beside_their_source(
    found: Secrets, table: Sequence[Credential], store: Path
) -> Secrets:
    """Refuse, too, a secret that others may read where systemd took it from."""
    exposed = [one for one in table if _others_reach(store, one.name)]
    paths = {one.path for one in exposed}
    names = {one.name for one in exposed}
    documents = tuple(
        one for one in found.documents if Path(one.file).name not in names
    )
    mistakes = (*found.mistakes, *(_exposed(store / one.name) for one in exposed))
    return Secrets(documents, mistakes, found.unknown | paths, found.notices)


def _others_reach(store: Path, name: str) -> bool:
    """Whether others get into the store, and there may read or write a file."""
    try:
        if not store.stat().st_mode & (stat.S_IXGRP | stat.S_IXOTH):
            return False
        return bool((store / name).stat().st_mode & _OTHERS)
    except OSError:
        return False  # it is not there, or closed to this user: so to others


def _exposed(path: Path) -> str:
    shown = _shown(path)
    return f"{shown}: others may read or write this secret; sudo chmod 600 {shown}"


def _read_all(table: Sequence[Credential], directory: Path) -> Secrets:
    """Read a directory; a ``PermissionError`` is the store's, which is root's."""
    documents: list[Document] = []
    mistakes: list[str] = []
    unknown: set[KeyPath] = set()
    known = {one.name: one for one in table}
    try:
        names = sorted(path.name for path in directory.iterdir())
    except FileNotFoundError:
        names = []
    except NotADirectoryError:
        return Secrets(mistakes=(f"{directory}: is no directory of credentials",))
    for name in names:
        if not name.startswith(f"{table[0].program}."):
            continue  # another program's
        if name not in known:
            mistakes.append(f"{_shown(directory / name)}: {_nobodys(name, known)}")
            continue
        try:
            documents.append(_read(known[name], directory / name))
        except Unreadable as error:
            mistakes.append(str(error))
            unknown.add(known[name].path)
    return Secrets(tuple(documents), tuple(mistakes), frozenset(unknown))


def _read(one: Credential, path: Path) -> Document:
    limit = MAX_FILE_BYTES if one.is_file else MAX_TEXT_BYTES
    content = read_bytes(path, limit)
    if path.stat().st_mode & _OTHERS:
        raise Unreadable(_exposed(path))
    value = str(path.absolute()) if one.is_file else ""
    if not content.strip():
        raise Unreadable(f"{_shown(path)}: is empty; store it again: {one.cure}")
    value = value or _text(one, path, content)
    table: Table = {one.section: {one.key: value}}
    return Document(str(path), table)


def _text(one: Credential, path: Path, content: bytes) -> str:
    """Return a secret without the line's end that editors and ``echo`` put there."""
    line = content.removesuffix(b"\n").removesuffix(b"\r")
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text = "\0"
    if not text.isprintable():
        raise Unreadable(
            f"{_shown(path)}: must be one line of text; store it again: {one.cure}"
        )
    return text


def _nobodys(name: str, known: Mapping[str, Credential]) -> str:
    near = get_close_matches(name, known, n=1)
    if near:
        return f"is no secret of this program; did you mean {near[0]}? Rename it"
    return f"is no secret of this program; there are: {', '.join(known)}"


def _shown(path: Path) -> str:
    return printable(str(path))
