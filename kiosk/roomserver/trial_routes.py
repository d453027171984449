"""
``utils`` for whoever sets a system up: trial streams and a look at the settings.

For the networks trusted with signatures only, since each answer is one
(``reliability.md`` S02, S06).  A trial stream is a push grant like any other, of
a user nobody can be, and ends with it.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.room import messages as msg
from kiosk.roomserver.asking import Asked, CloudCall, Refused, ServerClock
from kiosk.roomserver.grants import PushGrants
from kiosk.roomserver.log_folder import LogFolder
from kiosk.roomserver.mixing import MixingAccount, signed_url
from kiosk.roomserver.networks import Networks
from kiosk.roomserver.stream_keys import StreamUrls


_NOBODY = ":trial"
"""Outside the grammar of userIDs."""
_STATUS = "Live_Channel_GetStatus"
_STATUS_VALID_S = 300
_RIGHT, _WRONG = "检查正确", "检查失败"


@dataclass(frozen=True, slots=True)
class TrialTerms:
    """What trial routes need of the settings."""

    trusted: Networks
    bizid: str
    account: MixingAccount | None = None
    log_folder: LogFolder | None = None


class TrialRoutes:
    """Trial streams, and whether what is configured can work."""

    def __init__(
        self,
        terms: TrialTerms,
        grants: PushGrants,
        urls: StreamUrls,
        clock: ServerClock,
    ) -> None:
        self._terms = terms
        self._grants = grants
        self._urls = urls
        self._clock = clock
        self._latest = ""

    def get_test_pushurl(self, asked: Asked) -> msg.Wire:
        """Issue a stream to try; nothing here serves FLV or HLS over HTTP."""
        self._refuse_strangers(asked)
        now = self._clock.monotonic()
        grant = self._grants.issue(_NOBODY, asked.address, now)
        if grant is None:
            raise Refused(msg.RoomCode.SERVER_ERROR)
        self._latest = grant.stream
        push_url, play_url = self._urls.trial(grant)
        return {
            "url_push": push_url,
            "url_play_flv": "",
            "url_play_rtmp": play_url,
            "url_play_hls": "",
            "url_play_acc": play_url,
        }

    def get_test_rtmpaccurl(self, asked: Asked) -> msg.Wire:
        """Sign the newest trial stream; the original's test clock without one."""
        self._refuse_strangers(asked)
        newest = self._grants.find(self._latest, self._clock.monotonic())
        if newest is not None:
            return {"url_rtmpacc": self._urls.trial(newest)[1]}
        clock = f"{self._terms.bizid}_testclock_rtmpacc"
        return {"url_rtmpacc": self._urls.of_no_room(clock)}

    def check_config(self, asked: Asked) -> msg.Wire | CloudCall:
        """Say whether the log folder and the account with the cloud are good."""
        self._refuse_strangers(asked)
        account = self._terms.account
        if account is None:
            return self._checked({})
        end = int(self._clock.unix()) + _STATUS_VALID_S
        url = signed_url(account, _STATUS, end) + "&Param.s.channel_id=abc"
        return CloudCall(url, b"", self._cloud_checked)

    def _cloud_checked(self, reply: bytes | None) -> msg.Wire:
        if reply is None:
            return self._checked({"live": {"endpoint": "does not answer"}})
        try:
            msg.parse_json(reply)
        except msg.BadJson:
            reason = "please check [mixing] app_id and api_key"
            return self._checked({"live": {"appID": reason, "APIKey": reason}})
        return self._checked({})

    def _checked(self, mistakes: msg.Wire) -> msg.Wire:
        folder = self._terms.log_folder
        if folder is not None and not folder.is_readable():
            mistakes = {**mistakes, "log": {"folder": "cannot be read"}}
        return {"result": _WRONG if mistakes else _RIGHT, **mistakes}

    def _refuse_strangers(self, asked: Asked) -> None:
        if asked.address not in self._terms.trusted:
            raise Refused(msg.RoomCode.AUTH_FAILED)
