"""Whatever is asked of two processes on one Redis, in whatever order: it is one server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from typing import ClassVar

import pytest
from hypothesis import settings
from redis import Redis
from typing_extensions import override

from kiosk.roomserver.store_ledger import Ledger
from kiosk.roomserver.store_valkey import shared_ledger
from tests.fakes.lives import HASTY, new_name
from tests.fakes.redis_process import RedisProcess
from tests.fakes.servers_any_order import EXAMPLES, ServersInAnyOrder


class TwoProcesses(ServersInAnyOrder):
    """Two desks that share a memory."""

    boots: tuple[float, ...] = (1000.0, 5000.0)
    redis: ClassVar[RedisProcess]

    def __init__(self) -> None:
        client = Redis.from_url(self.redis.url)
        client.flushall()
        client.close()
        super().__init__()

    @override
    def life(self) -> AbstractAsyncContextManager[Ledger]:
        return shared_ledger(self.redis.url, "era", new_name, HASTY)


@pytest.fixture(scope="module", autouse=True)
def redis() -> Iterator[RedisProcess]:
    with RedisProcess() as running:
        TwoProcesses.redis = running
        yield running


TestTwoProcesses = TwoProcesses.TestCase
TestTwoProcesses.settings = settings(max_examples=EXAMPLES, stateful_step_count=20)
