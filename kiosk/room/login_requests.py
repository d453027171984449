"""
What a client asks before it may ask anything else: who am I, and my token.

The v2 login travels with every later call, apart from its body, as
:class:`Credentials`.  Shapes: protocol sections 3 (v1) and 4 (v2).  Originals want
secrets in the query, which proxies log; our own server takes them in a header and
says so (``bearer`` of :class:`~kiosk.room.answers.Account`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from kiosk.room import answers
from kiosk.room.codes import Dialect
from kiosk.room.fields import MAX_URL_BYTES, Fields
from kiosk.room.wire_json import Wire


TEST_CALLER: Final = "-test"
"""Ends the userID under which a kiosk calls to test, beside its own."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """A secret that goes along in the ``Authorization`` header."""

    secret: str = field(repr=False)

    def to_query(self) -> dict[str, str]:
        """Return nothing."""
        return {}

    def to_headers(self) -> dict[str, str]:
        """Return the header; a secret."""
        return {"Authorization": f"Bearer {self.secret}"}


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who asks, in the v2 dialect: goes along with every call but the logins."""

    user_id: str
    token: str = field(repr=False)
    bearer: bool = False
    """Whether the server takes the token in a header."""

    def to_query(self) -> dict[str, str]:
        """Return the query; with the token it is a secret."""
        token = {} if self.bearer else {"token": self.token}
        return {"userID": self.user_id, **token}

    def to_headers(self) -> dict[str, str]:
        """Return the headers; with the token they are a secret."""
        return Bearer(self.token).to_headers() if self.bearer else {}


@dataclass(frozen=True, slots=True)
class Login:
    """v2: prove a userID by its userSig; v1: name it."""

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "double_room"
    ROUTE: ClassVar[str] = "login"
    IN_QUERY: ClassVar[bool] = True

    sdk_app_id: str
    account_type: str
    user_id: str
    user_sig: str = field(default="", repr=False)
    proof: Bearer | None = field(default=None, repr=False)
    """The userSig, where the server takes it in a header."""
    instance: str = ""
    """Ours, additive: which machine this is, as long as it is up."""

    def to_wire(self) -> Wire:
        """Return the query."""
        user_sig: Wire = {} if self.proof else {"userSig": self.user_sig}
        return {
            "sdkAppID": self.sdk_app_id,
            "accountType": self.account_type,
            "userID": self.user_id,
            **user_sig,
            **({"instance": self.instance} if self.instance else {}),
        }

    @classmethod
    def from_wire(cls, wire: Wire) -> Login:
        """Read the query; absent fields are empty, the route judges them."""
        fields = Fields(wire)
        return cls(
            sdk_app_id=fields.optional_text("sdkAppID", 32),
            account_type=fields.optional_text("accountType", 32),
            user_id=fields.optional_identifier("userID"),
            user_sig=fields.optional_text("userSig", MAX_URL_BYTES),
            instance=fields.optional_identifier("instance"),
        )

    def read_answer(self, fields: Fields) -> answers.LoggedIn:
        """Read token and userID."""
        return answers.LoggedIn.read(fields)


@dataclass(frozen=True, slots=True)
class Logout:
    """v2: void the token in the query."""

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "double_room"
    ROUTE: ClassVar[str] = "logout"
    IN_QUERY: ClassVar[bool] = False

    def to_wire(self) -> Wire:
        """Return an empty body."""
        return {}

    def read_answer(self, fields: Fields) -> answers.Done:
        """Nothing but success."""
        return answers.Done()


@dataclass(frozen=True, slots=True)
class GetLoginInfo:
    """v2: who may I be? An empty userID asks for a fresh one."""

    METHOD: ClassVar[str] = "GET"
    FOLDER: ClassVar[str] = "utils"
    ROUTE: ClassVar[str] = "get_login_info"
    IN_QUERY: ClassVar[bool] = True

    user_id: str = ""
    proof: Bearer | None = field(default=None, repr=False)
    """The enrolment key, where the server wants one."""

    def to_wire(self) -> Wire:
        """Return the query."""
        return {"userID": self.user_id} if self.user_id else {}

    @classmethod
    def from_wire(cls, wire: Wire) -> GetLoginInfo:
        """Read the query."""
        return cls(Fields(wire).optional_identifier("userID"))

    def read_answer(self, fields: Fields) -> answers.Account:
        """Read userID and userSig."""
        return answers.Account.read(fields)


@dataclass(frozen=True, slots=True)
class GetImLoginInfo:
    """v1: a fresh userID; the prefix says on what platform."""

    METHOD: ClassVar[str] = "POST"
    FOLDER: ClassVar[str] = "double_room"
    ROUTE: ClassVar[str] = "get_im_login_info"
    IN_QUERY: ClassVar[bool] = False

    prefix: str

    def to_wire(self) -> Wire:
        """Return the body."""
        return {"userIDPrefix": self.prefix}

    @classmethod
    def from_wire(cls, wire: Wire) -> GetImLoginInfo:
        """Read the body; any prefix that is not empty will do."""
        return cls(Fields(wire, Dialect.V1).text("userIDPrefix"))

    def read_answer(self, fields: Fields) -> answers.Account:
        """Read userID and userSig."""
        return answers.Account.read(fields)
