"""
What the daemon is told about a peer's media, and when its picture goes.

Pure rules, so that the screen is truthful: a picture that no longer moves is
taken away, never left frozen.

1. A peer has started with its first picture, or after a second of sound alone.
2. Nothing at all for a second: it is silent and its picture is hidden.
3. Sound without a new picture for two seconds: the picture is hidden, and the
   peer is reported again, without a picture; and once more when it is back.
4. Nothing at all for three seconds from the stream a peer moved to: it is silent.
5. A picture that came late is of then and not of now: it is as old as if it had
   been shown by that much earlier.  Where it is too old, and for some time
   after, it is as if none had come.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.ports import MediaFact, Micros, PeerResumed, PeerSilent, PeerStarted


SILENT_US = 1_000_000
SOUND_ONLY_US = 1_000_000
FROZEN_US = 2_000_000
MOVED_US = 3_000_000
OLD_US = 1_500_000
FRESH_US = 1_000_000
"""So late pictures may come again: less than before, or words and picture flicker."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to tell, and whether to hide the picture."""

    fact: MediaFact | None = None
    hide: bool = False


class Presence:
    """
    Watches one stream.

    Args:
        user_id: Whose it is.
        shown_at: Of when the last picture of this stream's predecessor is, if
            that is still on the display.
        follows: Whether it has a predecessor, so that it is expected to begin.

    """

    def __init__(
        self, user_id: str, shown_at: Micros | None = None, *, follows: bool = False
    ) -> None:
        self._user_id = user_id
        self._is_expected = follows
        self._expected_since: Micros | None = None
        self._is_started = False
        self._is_silent = False
        self._with_picture = False
        self._back_since: Micros | None = None
        self._is_late = False
        self.shown_at = shown_at

    def accepts(self, late_us: int) -> bool:
        """Say whether a picture that came so late may still be shown."""
        self._is_late = late_us > (FRESH_US if self._is_late else OLD_US)
        return not self._is_late

    def picture_shown(self, now: Micros, late_us: int = 0) -> tuple[MediaFact, ...]:
        """Note a picture on the display that came so late; returns what to tell."""
        facts: list[MediaFact] = []
        if self._is_silent:
            facts.append(PeerResumed(self._user_id))
        if not self._with_picture:
            facts.append(PeerStarted(self._user_id))
        self._is_started = self._with_picture = True
        self._is_silent = False
        self._back_since = None
        self.shown_at = Micros(now - max(0, late_us))
        return tuple(facts)

    def look(
        self, now: Micros, last_media_at: Micros | None, first_sound_at: Micros | None
    ) -> Verdict:
        """Judge the present; called some ten times a second."""
        if last_media_at is None or now - last_media_at > SILENT_US:
            return self._nothing_comes(now)
        if not self._is_started:
            return self._not_started(now, first_sound_at)
        if self._is_silent:
            return self._comes_back(now)
        return self._runs(now)

    def _nothing_comes(self, now: Micros) -> Verdict:
        self._back_since = None
        if self._is_missed(now) and not self._is_silent:
            self._is_silent = True
            return Verdict(PeerSilent(self._user_id), hide=self._take_away())
        return Verdict(hide=self._is_older_than(SILENT_US, now) and self._take_away())

    def _is_missed(self, now: Micros) -> bool:
        """Whether something should come from it by now."""
        if self._is_started or not self._is_expected:
            return self._is_started
        if self._expected_since is None:
            self._expected_since = now
        return now - self._expected_since > MOVED_US

    def _not_started(self, now: Micros, first_sound_at: Micros | None) -> Verdict:
        hide = self._is_older_than(FROZEN_US, now) and self._take_away()
        if first_sound_at is None or now - first_sound_at < SOUND_ONLY_US:
            return Verdict(hide=hide)
        self._is_started, self._is_silent = True, False
        return Verdict(PeerStarted(self._user_id, with_picture=False), hide=hide)

    def _comes_back(self, now: Micros) -> Verdict:
        """Wait a moment for the picture, which then reports the peer itself."""
        if self._back_since is None:
            self._back_since = now
        if now - self._back_since < SOUND_ONLY_US:
            return Verdict()
        self._is_silent = False
        return Verdict(PeerResumed(self._user_id))

    def _runs(self, now: Micros) -> Verdict:
        has_gone = self.shown_at is None or self._is_older_than(FROZEN_US, now)
        if not self._with_picture or not has_gone:
            return Verdict()
        self._with_picture = False
        fact = PeerStarted(self._user_id, with_picture=False)
        return Verdict(fact, hide=self._take_away())

    def _is_older_than(self, age_us: int, now: Micros) -> bool:
        return self.shown_at is not None and now - self.shown_at > age_us

    def _take_away(self) -> bool:
        """Return whether there is a picture to hide, and forget it."""
        was_shown = self.shown_at is not None
        self.shown_at = None
        return was_shown
