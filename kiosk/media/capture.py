"""
Camera and microphone of a call, opened and closed together.

The camera delivers on its own thread, straight into the queue.  The ``mic``
thread reads periods, cleans or silences them, encodes, and queues; it also
notices when the camera has fallen silent.  Muted means zeros into the encoder
from the next period on, whatever the network does.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from kiosk.codec.jpeg import encode_jpeg
from kiosk.codec.live_encoder import LEAST_RATE
from kiosk.errors import DeviceError, DeviceStalled
from kiosk.media.echo import EchoPath
from kiosk.media.microphone_encoder import MicrophoneEncoder
from kiosk.media.outgoing import Outgoing
from kiosk.media.self_view import SelfView
from kiosk.media.worker import BlockingCall, Worker, WorkerRegistry, ZombieWorker
from kiosk.ports import (
    SAMPLE_RATE,
    AccessUnit,
    Camera,
    CaptureLost,
    Clock,
    DmabufFrame,
    MediaFact,
    Microphone,
    Micros,
    SoftFrame,
)


_CLOSE_S = 2.0
_LOAD_S = 10.0  # 28 MB of library off a slow card, once in the life of a process
_REOPEN_S = 1.0
_SLICE_S = 0.25
_STILL_S = 8.0  # the camera's two seconds, and JPEG on the smallest board


@dataclass(frozen=True, slots=True)
class CaptureDeadlines:
    """
    How long devices may take.

    Attributes:
        open_s: To open the camera or the microphone.
        silent_s: Between two pictures or periods before they count as lost.

    """

    open_s: float = 5.0
    silent_s: float = 2.0


class Capture:
    """
    The devices of one pusher.

    Args:
        self_view: Shows small pictures of the camera, or None.
        post: Told when a device is lost within the call.

    Attributes:
        muted_us: For how long silence was encoded in place of the microphone.

    """

    def __init__(
        self,
        camera: Camera,
        microphone: Microphone,
        outgoing: Outgoing,
        clock: Clock,
        *,
        encoder: MicrophoneEncoder,
        echo: EchoPath,
        self_view: SelfView | None,
        post: Callable[[MediaFact], None],
        registry: WorkerRegistry,
        deadlines: CaptureDeadlines,
    ) -> None:
        self._camera = camera
        self._microphone = microphone
        self._outgoing = outgoing
        self._clock = clock
        self._encoder = encoder
        self._echo = echo
        self._self_view = self_view
        self._post = post
        self._registry = registry
        self._deadlines = deadlines
        self._muted = False
        self._camera_start: BlockingCall[None] | None = None
        self._echo_load: BlockingCall[None] | None = None
        self._mic: Worker | None = None
        self._mic_opened: asyncio.Future[None] | None = None
        self._picture_at = self._unit_at = Micros(0)
        self._sound_at = Micros(0)
        self._lost: set[str] = set()
        self.muted_us = 0

    @property
    def camera(self) -> Camera:
        """The camera, for those who steer it."""
        return self._camera

    @property
    def encoder(self) -> MicrophoneEncoder:
        """The microphone's, for those who choose its codec."""
        return self._encoder

    @property
    def echo_canceller(self) -> str:
        """Which one works on the microphone now, or ``off``."""
        return self._echo.name

    @property
    def muted(self) -> bool:
        """Whether silence is sent."""
        return self._muted

    def set_muted(self, *, muted: bool) -> None:
        """Send silence from the next period on; also before ``open``."""
        self._muted = muted

    async def open(self) -> None:
        """
        Open both devices at the same time.

        Raises:
            DeviceError: One of them cannot be opened in time.

        """
        start = partial(self._camera.start, self._take_picture, self._see)
        self._camera_start = BlockingCall("camera-start", start)
        # beside the microphone: nobody is heard yet, and a call never waits for it
        self._echo_load = BlockingCall("echo", self._echo.open, join_within=_LOAD_S)
        self._mic_opened = asyncio.get_running_loop().create_future()
        self._mic = Worker("mic", self._listen, registry=self._registry)
        self._mic.start()
        results = await asyncio.gather(
            self._until_open("camera", self._camera_start.result()),
            self._until_open("microphone", asyncio.shield(self._mic_opened)),
            return_exceptions=True,
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def take_still(self, max_bytes: int) -> bytes:
        """
        Return one picture of the camera's whole sensor as a JPEG.

        Raises:
            DeviceError: The camera cannot, or was closed meanwhile.
            MediaError: The picture cannot be made so small.

        """
        camera = self._camera
        call = BlockingCall(
            "still",
            lambda: encode_jpeg(camera.take_still(), max_bytes),
            join_within=_STILL_S,
        )
        try:
            return await call.result()
        finally:
            await call.finished()

    async def close(self) -> None:
        """
        Close both devices at the same time; safe to repeat.

        Raises:
            ZombieWorker: A device cannot be closed.

        """
        results = await asyncio.gather(
            self._close_camera(), self._close_microphone(), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _until_open(self, device: str, opening: Awaitable[None]) -> None:
        within_s = self._deadlines.open_s
        try:
            async with asyncio.timeout(within_s):
                await opening
        except DeviceError:
            raise
        except TimeoutError:
            raise DeviceStalled(device, "opening", within_s) from None

    async def _close_camera(self) -> None:
        start, self._camera_start = self._camera_start, None
        if start is None:
            return
        await start.finished()
        closing = BlockingCall("camera-close", self._camera.close)
        try:
            async with asyncio.timeout(_CLOSE_S):
                await closing.result()
        except (TimeoutError, DeviceError) as exc:  # it may still be filming
            raise ZombieWorker(
                f"camera: {str(exc) or 'close does not return'}"
            ) from exc
        await closing.finished()
        self._hide_self_view()

    async def _close_microphone(self) -> None:
        mic, self._mic = self._mic, None
        if mic is not None:
            await mic.stop()
        load, self._echo_load = self._echo_load, None
        if load is not None:
            await load.finished()
            await load.result()
            self._echo.close()

    def _take_picture(self, unit: AccessUnit) -> None:
        self._picture_at = self._unit_at = self._clock.now()
        self._outgoing.put_picture(unit)

    def _see(self, picture: SoftFrame | DmabufFrame) -> None:
        """Note that the camera sees, also while rate control lets nothing be coded."""
        self._picture_at = self._clock.now()
        if self._self_view is not None:
            self._self_view.show(picture)

    def _listen(self, worker: Worker) -> None:
        """Read until told to stop: the body of the mic thread."""
        try:
            self._microphone.open()
        except DeviceError as exc:
            self._tell_opened(exc)
            return
        self._tell_opened(None)
        self._picture_at = self._unit_at = self._sound_at = self._clock.now()
        try:
            while not worker.stopping.is_set():
                worker.beat()
                self._listen_once(worker)
                self._watch_camera()
        finally:
            self._microphone.close()

    def _listen_once(self, worker: Worker) -> None:
        try:
            period = self._microphone.read()
        except DeviceStalled as exc:
            if self._is_silent_since(self._sound_at, self._deadlines.silent_s):
                self._report_lost("microphone", str(exc))
            return
        except DeviceError as exc:
            self._report_lost("microphone", str(exc))
            self._reopen(worker)
            return
        self._sound_at = self._clock.now()
        self._lost.discard("microphone")
        cleaned = self._echo.clean(period)  # also while muted: it keeps learning
        pcm = self._silenced(cleaned.pcm) if self._muted else cleaned.pcm
        for unit in self._encoder.encode(pcm, cleaned.captured_at):
            self._outgoing.put_sound(unit)

    def _silenced(self, pcm: bytes) -> bytes:
        self.muted_us += len(pcm) // 2 * 1_000_000 // SAMPLE_RATE
        return bytes(len(pcm))

    def _reopen(self, worker: Worker) -> None:
        self._microphone.close()
        for _ in range(round(_REOPEN_S / _SLICE_S)):
            worker.beat()
            if worker.stopping.wait(_SLICE_S):
                return
        with contextlib.suppress(DeviceError):  # then the next read says so
            self._microphone.open()

    def _watch_camera(self) -> None:
        silent_s = self._deadlines.silent_s
        uncoded_s = silent_s + 1 / LEAST_RATE
        if self._is_silent_since(self._picture_at, silent_s):
            self._report_lost("camera", f"no picture for {silent_s} s")
            self._hide_self_view()
        elif self._is_silent_since(self._unit_at, uncoded_s):
            self._report_lost("camera", f"no coded picture for {uncoded_s} s")
        else:
            self._lost.discard("camera")

    def _hide_self_view(self) -> None:
        if self._self_view is not None:
            self._self_view.hide()

    def _is_silent_since(self, at: Micros, seconds: float) -> bool:
        return self._clock.now() - at > seconds * 1_000_000

    def _report_lost(self, device: str, reason: str) -> None:
        if device not in self._lost:
            self._lost.add(device)
            self._post(CaptureLost(device, reason))

    def _tell_opened(self, error: DeviceError | None) -> None:
        opened = self._mic_opened
        assert opened is not None

        def settle() -> None:
            if opened.done():
                return
            if error is None:
                opened.set_result(None)
                return
            opened.set_exception(error)
            opened.exception()  # read: the owner may have given up

        with contextlib.suppress(RuntimeError):  # the loop is gone
            opened.get_loop().call_soon_threadsafe(settle)
