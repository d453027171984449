"""
All facts of a shared memory as this process knows them, and its next batch.

Pure.  What is noted in a turn is laid over the facts and becomes one batch; it is
settled when the memory has taken it, or rolled back when it has not.  Facts keep
the order of their first noting, over batches and processes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from kiosk.room.fields import BadRequest, Fields
from kiosk.room.wire_json import BadJson, Wire, dump_json, parse_json
from kiosk.roomserver.store_ledger import Shelf


log = logging.getLogger(__name__)

_MAX_BATCH_BYTES = 64 * 1024 * 1024
_PER_BATCH = 1_000_000
"""Facts one batch may bring; their order counts on from the batch's version."""
_SHELVES = {shelf.value: shelf for shelf in Shelf}

Change = tuple[Shelf, str, Wire | None]
_Key = tuple[Shelf, str]


@dataclass(frozen=True, slots=True)
class _Kept:
    order: int
    text: bytes
    """The fact as JSON."""


@dataclass(frozen=True, slots=True)
class Batch:
    """
    What a process wants to change.

    Attributes:
        version: On top of which it was made.
        changes: In order, for the tables.
        text: The same, for the other processes.
        struck: Fields to delete.
        kept: Fields to set.

    """

    version: int
    changes: tuple[Change, ...]
    text: bytes
    struck: tuple[bytes, ...]
    kept: Mapping[bytes, bytes]


class Mirror:
    """
    Facts by shelf and name.

    Attributes:
        lineage: The line of versions it belongs to; empty: none yet.
        version: The last batch it knows.

    """

    def __init__(self) -> None:
        self.lineage = ""
        self.version = 0
        self._facts: dict[_Key, _Kept] = {}
        self._over: dict[_Key, _Kept | None] = {}
        self._changes: list[Change] = []
        self._lines: list[bytes] = []

    def facts(self, shelf: Shelf) -> tuple[tuple[str, Wire], ...]:
        """Return a shelf's facts, the open batch included, oldest first."""
        found = sorted(
            (kept.order, name, kept.text)
            for (one, name), kept in {**self._facts, **self._over}.items()
            if one is shelf and kept is not None
        )
        return tuple((name, _wire(text)) for _, name, text in found)

    # -- the batch of this turn ------------------------------------------------

    def note(self, shelf: Shelf, name: str, fact: Wire) -> None:
        """Keep a fact, or only tell it."""
        text, order = dump_json(fact), 0
        if shelf.is_kept:
            known = self._known(shelf, name)
            fresh = (self.version + 1) * _PER_BATCH + len(self._changes)
            order = known.order if known else fresh
            self._over[shelf, name] = _Kept(order, text)
        self._changes.append((shelf, name, fact))
        self._lines.append(_line(shelf, name, order, text))

    def strike(self, shelf: Shelf, name: str) -> None:
        """Forget a fact; unknown ones are fine."""
        if shelf.is_kept:
            if self._known(shelf, name) is None:
                return
            self._over[shelf, name] = None
        self._changes.append((shelf, name, None))
        self._lines.append(_line(shelf, name, 0, b"null"))

    @property
    def has_batch(self) -> bool:
        """Whether anything was noted."""
        return bool(self._changes)

    def batch(self) -> Batch:
        """Return what was noted since the last one was settled or rolled back."""
        return Batch(
            self.version,
            tuple(self._changes),
            b'{"changes":[%s]}' % b",".join(self._lines),
            tuple(_field(key) for key, kept in self._over.items() if kept is None),
            {_field(key): _value(kept) for key, kept in self._over.items() if kept},
        )

    def settle(self) -> None:
        """Make the batch the next version: it was taken."""
        for key, kept in self._over.items():
            self._put(key, kept)
        self.version += 1
        self._begin()

    def roll_back(self) -> tuple[Change, ...]:
        """
        Forget the batch, which was not taken; return what undoes it in tables.

        What was only told of a room is void: its events are struck.
        """
        told = {(s, n) for s, n, _ in self._changes if s is Shelf.EVENT}
        undone: list[Change] = [(shelf, name, None) for shelf, name in told]
        for key in reversed(self._over):
            kept = self._facts.get(key)
            undone.append((*key, _wire(kept.text) if kept else None))
        self._begin()
        return tuple(undone)

    # -- what others did -------------------------------------------------------

    def take_in(self, texts: Iterable[bytes]) -> tuple[Change, ...]:
        """
        Take in the next batches of others; return their changes in order.

        Raises:
            BadJson: One of them is none.

        """
        changes: list[Change] = []
        # All are read before any counts: who stops half way would never tell
        # the tables of the first half.
        batches = [tuple(_read(text)) for text in texts]
        for batch in batches:
            for (shelf, name, fact), order in batch:
                if shelf.is_kept:
                    kept = None if fact is None else _Kept(order, dump_json(fact))
                    self._put((shelf, name), kept)
                changes.append((shelf, name, fact))
            self.version += 1
        return tuple(changes)

    def become(
        self, lineage: str, version: int, fields: Mapping[bytes, bytes]
    ) -> tuple[Change, ...]:
        """
        Be a whole memory; return what is different now, what went first.

        A fact that is none is left out, and logged.
        """
        read = (_kept_of(field, value) for field, value in fields.items())
        whole = dict(one for one in read if one is not None)
        gone = [key for key in self._facts if key not in whole]
        moved = [
            key
            for key, kept in whole.items()
            if key in self._facts and self._facts[key].order != kept.order
        ]
        came = sorted(
            (kept.order, key[1], key)
            for key, kept in whole.items()
            if self._facts.get(key) != kept
        )
        changes: list[Change] = [(*key, None) for key in (*gone, *moved)]
        changes += [(*key, _wire(whole[key].text)) for _, _, key in came]
        self.lineage, self.version, self._facts = lineage, version, whole
        return tuple(changes)

    def whole(self) -> dict[bytes, bytes]:
        """Return all facts as fields, to make a lost memory anew."""
        return {_field(key): _value(kept) for key, kept in self._facts.items()}

    # -- inside ------------------------------------------------------------------

    def _known(self, shelf: Shelf, name: str) -> _Kept | None:
        key = (shelf, name)
        return self._over[key] if key in self._over else self._facts.get(key)

    def _put(self, key: _Key, kept: _Kept | None) -> None:
        if kept is None:
            self._facts.pop(key, None)
        else:
            self._facts[key] = kept

    def _begin(self) -> None:
        self._over, self._changes, self._lines = {}, [], []


def events_of(texts: Iterable[bytes]) -> tuple[Change, ...]:
    """Return only the events of some batches; one that is none has none."""
    found: list[Change] = []
    for text in texts:
        with suppress(BadJson):
            found += [change for change, _ in _read(text) if change[0] is Shelf.EVENT]
    return tuple(found)


def _wire(text: bytes) -> Wire:
    return parse_json(text, _MAX_BATCH_BYTES)


def _line(shelf: Shelf, name: str, order: int, text: bytes) -> bytes:
    about = dump_json({"s": shelf.value, "n": name, "o": order})
    return about[:-1] + b',"f":' + text + b"}"


def _read(text: bytes) -> Iterator[tuple[Change, int]]:
    try:
        for line in Fields(_wire(text)).objects("changes", _PER_BATCH):
            fields = Fields(line)
            shelf = _SHELVES.get(fields.text("s"))
            fact = fields.mapping("f") if fields.has("f") else None
            if shelf is not None:  # else of a later version
                change = (shelf, fields.text("n"), fact)
                yield change, fields.optional_count("o")
    except BadRequest as error:
        raise BadJson(str(error)) from None


def _field(key: _Key) -> bytes:
    return f"{key[0].value} {key[1]}".encode()


def _value(kept: _Kept) -> bytes:
    return b"%d %s" % (kept.order, kept.text)


def _kept_of(field: bytes, value: bytes) -> tuple[_Key, _Kept] | None:
    """Return a fact; None, and a line in the log, if it is none of ours."""
    shelf, _, name = field.partition(b" ")
    order, _, text = value.partition(b" ")
    try:
        _wire(text)
        key = (_SHELVES[shelf.decode()], name.decode())
        return key, _Kept(int(order), text)
    except (KeyError, ValueError) as error:
        # Of a later version, or spoilt: one fact less, the server goes on.
        reason = type(error).__name__
        log.error("fact left out", extra={"shelf": repr(shelf), "reason": reason})  # noqa: TRY400 -- the reason is the whole story
        return None
