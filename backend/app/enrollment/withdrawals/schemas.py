"""What withdrawals look like going in and coming out."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.enrollment.endings.processed import WithdrawalKind
from app.enrollment.schemas import EnrollmentDate
from app.web.field_types import Text, blank_is_none

NoticeMethod = Literal["email", "letter", "in_person"]
Note = Annotated[Text, Field(max_length=2_000)]
KINDS: dict[str, str] = {
    "student": "Requested by the student",
    "administrative": "Administrative withdrawal",
    "cancellation": "Cancellation within the time to cancel",
    "school_cancelled": "Cancellation by the school",
}
METHODS: dict[str, str] = {"email": "Email", "letter": "Letter", "in_person": "In person"}


@dataclass(frozen=True, slots=True)
class Notice:
    """How the student was notified of a withdrawal by the school, and when."""

    method: NoticeMethod
    on: date
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A withdrawal as the staff record it. `field` names the input that `requested_at` came from."""

    kind: WithdrawalKind
    requested_at: datetime
    reason: str | None = None
    notice: Notice | None = None
    field: str = "requested_at"


class _Noticed(BaseModel):
    notice_method: NoticeMethod | None = Field(default=None, title="How the student was notified")
    notice_on: EnrollmentDate | None = Field(default=None, title="Notified on")
    notice_note: Note | None = Field(default=None, title="What proves the notice")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.notice_method is None) != (self.notice_on is None):
            raise ValueError("Give both how and when the student was notified, or neither.")
        return self

    def notice(self) -> Notice | None:
        """The notice, where there is one."""
        if self.notice_method is None or self.notice_on is None:
            return None
        return Notice(self.notice_method, self.notice_on, self.notice_note)


class RecordForm(_Noticed):
    """The form that records a withdrawal."""

    kind: WithdrawalKind = Field(title="Kind")
    requested_on: EnrollmentDate = Field(title="Request received or decided on")
    requested_time: Annotated[time | None, BeforeValidator(blank_is_none)] = Field(
        default=None, title="Time of day"
    )
    reason: Text | None = None


class RecordIn(_Noticed):
    """A withdrawal as the API takes it. `requested_at` is when the request arrived or the school decided, now when left
    out. An administrative one needs its notice before it can be processed."""

    model_config = ConfigDict(extra="forbid")

    kind: WithdrawalKind = "student"
    requested_at: AwareDatetime | None = None
    reason: Text | None = None


class NoticeForm(BaseModel):
    """How the student was notified."""

    notice_method: NoticeMethod = Field(title="How the student was notified")
    notice_on: EnrollmentDate = Field(title="Notified on")
    notice_note: Note | None = Field(default=None, title="What proves the notice")


class ProcessForm(BaseModel):
    """What was done about a withdrawal, before it leaves the queue."""

    note: Annotated[Text, Field(max_length=2_000, title="Note")]
