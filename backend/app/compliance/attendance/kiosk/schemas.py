"""Shapes of kiosks, in and out."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.compliance.attendance.schemas import CorrectionForm
from app.db.models import KioskPunch
from app.rules.kiosk import PIN_DIGITS
from app.web.field_types import Line, OptionalId, RecordId

MOST_PUNCHES = 50
"""Punches of one batch."""
_Base64 = Annotated[str, Field(min_length=4, pattern=r"^[A-Za-z0-9+/]+={0,2}$")]
_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
LATEST_MS = 250_000_000_000_000
"""A tablet's clock may be far off, and its punches still arrive: until the year 9892, as far as a datetime goes."""
_Milliseconds = Annotated[int, Field(ge=0, le=LATEST_MS)]
_Difference = Annotated[int, Field(ge=-LATEST_MS, le=LATEST_MS)]


class KioskForm(BaseModel):
    """A new kiosk."""

    name: Annotated[Annotated[Line, Field(max_length=80)], Field(title="Name")]


class PinForm(BaseModel):
    """A student's new PIN, typed twice."""

    pin: Annotated[str, Field(title="New PIN", pattern=rf"^[0-9]{{{PIN_DIGITS}}}$")]
    again: Annotated[str, Field(title="New PIN again")]


class RegisterIn(BaseModel):
    """A tablet with the code that an administrator was given. The key is P-256, as SubjectPublicKeyInfo in base64."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(min_length=1, max_length=40)]
    public_key: Annotated[_Base64, Field(max_length=300)]


class RegisteredOut(BaseModel):
    """What the tablet keeps: which kiosk it is, and the key to encrypt for (an uncompressed point in base64)."""

    kiosk: int
    name: str
    server_key: str
    chain: str
    received_at: int = Field(
        description="The server's clock when the request came, in milliseconds since 1970."
    )
    answered_at: int = Field(description="The same when the answer left.")


class PunchIn(BaseModel):
    """One punch. `signature` is over the lines that `signed_text` puts together."""

    model_config = ConfigDict(extra="forbid")

    counter: Annotated[int, Field(ge=1, le=2_000_000_000)]
    previous: _Hash
    kind: Literal["in", "out"]
    made_at: _Milliseconds
    offset: _Difference
    typed: Annotated[
        _Base64, Field(max_length=600, description="Number and PIN, or a card, encrypted for the server.")
    ]
    signature: Annotated[_Base64, Field(max_length=100)]


class BatchIn(BaseModel):
    """Punches of one kiosk, oldest first; none for a sign of life."""

    model_config = ConfigDict(extra="forbid")

    kiosk: RecordId
    sent_at: _Milliseconds
    punches: Annotated[list[PunchIn], Field(max_length=MOST_PUNCHES)]


class PunchOut(BaseModel):
    """What became of one punch. The tablet need not keep it any longer."""

    counter: int
    state: str = Field(description="held, recorded or refused.")
    kind: str = Field(description="in or out.")
    at: datetime
    sentence: str
    student: str | None = Field(
        description="First name and initial, of a punch recorded while the student is there."
    )


class SyncOut(BaseModel):
    """The answer to a batch."""

    punches: list[PunchOut]
    name: str
    revoked: bool
    received_at: int = Field(
        description="The server's clock when the request came, in milliseconds since 1970."
    )
    answered_at: int = Field(description="The same when the answer left.")


def signed_text(kiosk: int, punch: PunchIn) -> bytes:
    """What the signature of a punch is over, and its digest of."""
    lines = (
        "aada-kiosk-punch-v1",
        kiosk,
        punch.counter,
        punch.previous,
        punch.kind,
        punch.made_at,
        punch.offset,
        punch.typed,
    )
    return "\n".join(map(str, lines)).encode()


class State(StrEnum):
    """How a punch stands, for the list."""

    WAITING = "waiting"
    RECORDED = "recorded"
    REFUSED = "refused"
    HELD = "held"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class PunchLine:
    """A punch with the names that belong to it."""

    punch: KioskPunch
    kiosk: str
    student: str | None
    decided_by: str | None

    @property
    def id(self) -> int:
        return self.punch.id

    @property
    def what(self) -> str:
        """The button that was pressed, in words."""
        return "Clock in" if self.punch.kind == "in" else "Clock out"

    @property
    def label(self) -> str:
        """How it stands, in one or two words."""
        if self.punch.outcome is not None:
            return "Correction requested" if self.punch.outcome == "requested" else "Dismissed"
        return self.punch.state.capitalize()


@dataclass(frozen=True, slots=True)
class CardLine:
    """A student and the card that is valid, if they have one."""

    user_id: int
    student: str
    card_id: int | None
    issued_at: datetime | None


class DismissForm(BaseModel):
    """Why nothing follows from a punch."""

    note: Annotated[Annotated[Line, Field(min_length=3, max_length=500)], Field(title="Reason")]


class RequestForm(CorrectionForm):
    """A correction of hours out of a punch: of one record, or hours that none has."""

    record_id: Annotated[OptionalId, Field(title="Record")] = None
    enrollment_id: Annotated[OptionalId, Field(title="Program")] = None
