"""What one process knows of the shared memory, batch by batch."""

from __future__ import annotations

import pytest

from kiosk.room.wire_json import BadJson
from kiosk.roomserver.store_ledger import Shelf
from kiosk.roomserver.valkey_mirror import Mirror


def test_of_batches_that_cannot_all_be_read_none_counts() -> None:
    other, mirror = Mirror(), Mirror()
    other.note(Shelf.GRANT, "stream", {"user": "ann"})
    good = other.batch().text

    with pytest.raises(BadJson):
        mirror.take_in([good, b'{"changes":[{"s":"room"}]}'])

    assert mirror.version == 0
    assert mirror.take_in([good]) == ((Shelf.GRANT, "stream", {"user": "ann"}),)
