"""A line of packets into the playout buffer and of periods out of it, in made-up time."""

from __future__ import annotations

from kiosk.media.jitter import AudioPacket, DelayBounds, JitterBuffer, Order
from kiosk.ports import Micros


PACKET_US = 20_000


PERIOD_US = 10_000


class Line:
    """A sender, a network and a playout in one simulated time."""

    def __init__(
        self, bounds: DelayBounds | None = None, packet_us: int = PACKET_US
    ) -> None:
        self.buffer = JitterBuffer(bounds)
        self.packet_us = packet_us
        self.now = 0
        self.sent = 0
        self.decoded_us = 0.0
        self.played: list[int] = []
        self.orders: list[Order] = []

    def send(self, n_packets: int = 1) -> None:
        for _ in range(n_packets):
            packet = AudioPacket(self.sent * self.packet_us, b"", self.packet_us)
            self.buffer.put(packet, Micros(self.now))
            self.sent += 1

    def play(self) -> Order:
        """Play one period and let its time pass."""
        order = self.buffer.order(PERIOD_US, round(self.decoded_us), Micros(self.now))
        self.orders.append(order)
        if order.is_cut:
            self.decoded_us = 0
        if order.is_playing:
            needed = PERIOD_US * order.speed
            while self.decoded_us < needed:
                packet = self.buffer.take()
                if packet is None:
                    break
                self.played.append(packet.pts_us)
                self.decoded_us += packet.duration_us
            self.decoded_us = max(0.0, self.decoded_us - needed)
        self.now += PERIOD_US
        return order

    def run(self, seconds: float, *, stalled: bool = False) -> None:
        """Send a packet every 20 ms, or hold them back, while playing."""
        for step in range(round(seconds * 100)):
            if step % 2 == 0 and not stalled:
                self.send()
            self.play()

    @property
    def level_us(self) -> int:
        return self.buffer.buffered_us + round(self.decoded_us)
