"""
Camera and microphone of a call, opened and closed together.

The camera delivers on its own thread, straight into the queue.  The ``mic``
thread reads periods, cleans or silences them, encodes, and queues; it also
watches over the camera.  Muted means zeros into the encoder from the next
period on, whatever the network does.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from kiosk.codec.jpeg import encode_jpeg
from kiosk.errors import DeviceError, DeviceStalled
from kiosk.media.capture_deadlines import CaptureDeadlines
from kiosk.media.echo import EchoPath
from kiosk.media.filming import Filming
from kiosk.media.listening import Listening
from kiosk.media.microphone_encoder import MicrophoneEncoder
from kiosk.media.outgoing import Outgoing
from kiosk.media.self_view import SelfView
from kiosk.media.worker import BlockingCall, Worker, WorkerRegistry, ZombieWorker
from kiosk.ports import (
    Camera,
    Clock,
    MediaFact,
    Microphone,
)


_CLOSE_S = 2.0
_LOAD_S = 10.0  # 28 MB of library off a slow card, once in the life of a process
_STILL_S = 8.0  # the camera's two seconds, and JPEG on the smallest board


class Capture:
    """
    The devices of one pusher.

    Args:
        self_view: Shows small pictures of the camera, or None.
        post: Told when a device is lost within the call.

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
        self._encoder = encoder
        self._echo = echo
        self._registry = registry
        self._deadlines = deadlines
        self._filming = Filming(
            camera,
            outgoing,
            clock,
            self_view=self_view,
            post=post,
            deadlines=deadlines,
        )
        self._listening = Listening(
            microphone,
            outgoing,
            clock,
            encoder=encoder,
            echo=echo,
            post=post,
            silent_s=deadlines.silent_s,
            deaf_s=deadlines.deaf_s,
        )
        self._camera_start: BlockingCall[None] | None = None
        self._camera_close: BlockingCall[None] | None = None
        self._echo_load: BlockingCall[None] | None = None
        self._mic: Worker | None = None
        self._mic_opened: asyncio.Future[None] | None = None

    @property
    def listening(self) -> Listening:
        """The microphone's way, for those who mute it and count."""
        return self._listening

    @property
    def filming(self) -> Filming:
        """The camera's way, for those who steer it."""
        return self._filming

    @property
    def encoder(self) -> MicrophoneEncoder:
        """The microphone's, for those who choose its codec."""
        return self._encoder

    @property
    def echo_canceller(self) -> str:
        """Which one works on the microphone now, or ``off``."""
        return self._echo.name

    async def open(self) -> None:
        """
        Open both devices at the same time.

        Raises:
            DeviceError: One of them cannot be opened in time.

        """
        self._camera_close = None
        # whoever hangs up at once waits no shorter for it than who does not
        self._camera_start = BlockingCall(
            "camera-start",
            self._filming.start,
            join_within=self._deadlines.open_s + _CLOSE_S,
        )
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
        self._filming.watch()

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

        Whoever repeats one that was cancelled waits for all that is still open.

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
        self._filming.end()
        if self._camera_start is None:
            return
        await self._camera_start.finished()
        # two at once would give a camera's wake-up descriptor back twice
        if self._camera_close is None:
            self._camera_close = BlockingCall("camera-close", self._camera.close)
        closing = self._camera_close
        try:
            async with asyncio.timeout(_CLOSE_S):
                await closing.result()
        except (TimeoutError, DeviceError) as exc:  # it may still be filming
            raise ZombieWorker(
                f"camera: {str(exc) or 'close does not return'}"
            ) from exc
        await closing.finished()
        self._camera_start = None
        self._filming.hide_self_view()

    async def _close_microphone(self) -> None:
        if self._mic is not None:
            await self._mic.stop()
            self._mic = None
        load = self._echo_load
        if load is not None:
            await load.finished()
            await load.result()
            self._echo_load = None
            self._echo.close()

    def _listen(self, worker: Worker) -> None:
        """Read until told to stop: the body of the mic thread."""
        try:
            self._listening.open()
        except DeviceError as exc:
            self._tell_opened(exc)
            return
        self._tell_opened(None)
        try:
            while not worker.stopping.is_set():
                worker.beat()
                self._listening.listen_once(worker)
                self._filming.tend()
        finally:
            self._listening.close()

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
