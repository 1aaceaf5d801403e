"""The kinds of dated policies, and the shape of each one's values.

A kind is added here with its schema; its first version comes with a migration.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from app.core import retention
from app.school.agreement_wording import AgreementPolicy
from app.school.grading import GradingPolicy
from app.school.leaving import LeavePolicy, WithdrawalPolicy
from app.school.money import BillingPolicy, PaymentPlanPolicy, StateFeesPolicy
from app.school.refund_rules import RefundPolicy, RefundSettingsPolicy
from app.school.values import Values


class PolicyKind(StrEnum):
    """What a policy rules."""

    ATTENDANCE = "attendance"
    PROGRESS = "progress"
    PASSWORD = "password"  # noqa: S105 - the kind of a policy
    SECOND_FACTOR = "second_factor"
    GRADING = "grading"
    ACADEMIC_PROGRESS = "academic_progress"
    EXTERNSHIP = "externship"
    RETENTION = "retention"
    STORAGE = "storage"
    BILLING = "billing"
    STATE_FEES = "state_fees"
    COMPLAINTS = "complaints"
    LESSON_CONTENT = "lesson_content"
    AGREEMENT = "agreement"
    WITHDRAWAL = "withdrawal"
    PAYMENT_PLANS = "payment_plans"
    LEAVE_OF_ABSENCE = "leave_of_absence"
    REFUND = "refund"
    REFUND_SETTINGS = "refund_settings"

    @property
    def label(self) -> str:
        """The kind as a page names it."""
        return self.value.replace("_", " ").capitalize()


class AttendancePolicy(Values):
    """How hours are counted."""

    clock_hour_minutes: Annotated[int, Field(ge=50, le=60)] = 60
    """Minutes of instruction that make a clock hour within 60 minutes (34 CFR 600.2)."""
    daily_maximum_minutes: Annotated[int, Field(ge=60, le=1440)] = 1440
    """The most minutes that staff may enter for one student and one day; 1,440 means no limit."""
    longest_entry_minutes: Annotated[int, Field(ge=60, le=1440)] = 960
    """The longest time entry. One open for longer was forgotten."""
    forgotten_clock_out: Literal["counts_nothing"] = "counts_nothing"
    """What a forgotten time entry counts until staff correct it."""
    rounding: Literal["whole_minutes_down"] = "whole_minutes_down"
    """How a time entry's length is rounded."""
    outside_meetings: Literal["counts_in_full", "only_meetings"] = "counts_in_full"
    """What the clock counts outside the meetings of a student's classes; who sits in no class has no meetings."""
    roster_days: Annotated[int, Field(ge=1, le=60)] = 7
    """Days after a meeting in which its roster can be changed; later a correction is requested."""
    kiosk_offline_hours: Annotated[int, Field(ge=1, le=72)] = 24
    """Hours after which a punch that a kiosk kept while offline no longer counts and waits for the staff."""
    absence_report_days: Annotated[int, Field(ge=0, le=60)] = 14
    """Days after an absence in which the student can report it and ask to have it excused."""
    excused_meetings: Literal["count_as_scheduled", "not_scheduled"] = "count_as_scheduled"
    """Whether an excused meeting stays in the hours scheduled, of which attendance is a percentage. It gives no hours
    either way."""
    late_after_minutes: Annotated[int, Field(ge=0, le=60)] = 5
    """Minutes after the scheduled start from which a clock-in is tardy."""
    at_risk_consecutive_absences: Annotated[int, Field(ge=1, le=30)] = 3
    """Scheduled days in a row without attendance that put a student on the at-risk list."""
    at_risk_attendance_pct: Annotated[int, Field(ge=1, le=100)] = 80
    """Hours attended as a percentage of hours scheduled, below which a student is on the list."""
    at_risk_tardies: Annotated[int, Field(ge=1, le=60)] = 5
    """Late arrivals within `at_risk_days` that put a student on the list."""
    at_risk_days: Annotated[int, Field(ge=7, le=180)] = 30
    """Days back over which late arrivals and absences are counted."""


class ProgressPolicy(Values):
    """How progress is measured."""

    pace_days: Annotated[int, Field(ge=7, le=365, multiple_of=7)] = 28
    """Days back over which the pace is measured; whole weeks, so that every weekday weighs the same."""
    full_time_hours_per_week: Annotated[int, Field(ge=1, le=60)] = 24
    """Clock hours a week from which a student counts as full-time."""
    completion_threshold_pct: Annotated[int, Field(ge=1, le=100)] = 100
    """Percent of the program's lessons from which an enrollment may be completed."""


class PasswordPolicy(Values):
    """How long passwords are (NIST SP 800-63B-4: at least 15 characters where nothing else is asked for)."""

    minimum_characters: Annotated[int, Field(ge=15, le=64)] = 15
    """The fewest characters; each Unicode code point is one."""
    maximum_bytes: Annotated[int, Field(ge=64, le=72)] = 72
    """The most bytes in UTF-8; bcrypt reads no more than 72."""


class SecondFactorPolicy(Values):
    """Who needs a passkey or an authenticator app beside the password (NIST SP 800-63B-4, AAL2)."""

    required_of: Literal["nobody", "staff"] = "staff"
    """`staff` is everybody but students, who may have one all the same."""
    grace_days: Annotated[int, Field(ge=0, le=365)] = 14
    """Days until signing in leads to setting one up, from the day since which the policy asks without a break, or of
    the account: a new version that still asks gives nobody new time."""


class AcademicProgressPolicy(Values):
    """Satisfactory academic progress (SAP). GNPEC requires a policy and sets no number (Standard 4).

    The values to begin with are the usual ones of Title IV: pace about 67%, 150% of the calendar time, GPA 2.0.
    """

    checkpoints_measured_in: Literal["attended_hours", "scheduled_hours", "weeks"] = "scheduled_hours"
    """What the checkpoints are percentages of: the program's hours attended or scheduled so far, or its weeks."""
    checkpoints_every_pct: Annotated[int, Field(ge=5, le=100)] = 25
    """A review is due each time this much of the program is reached, in percent of its length."""
    minimum_pace_pct: Annotated[int, Field(ge=1, le=100)] = 67
    """Hours attended as a percentage of the hours scheduled, at least."""
    maximum_time_frame_pct: Annotated[int, Field(ge=100, le=300)] = 150
    """The longest time to complete, in percent of the program's weeks."""
    minimum_gpa_hundredths: Annotated[int, Field(ge=0, le=400)] = 200
    """The lowest GPA, in hundredths: 200 is 2.00."""
    appeal_days: Annotated[int, Field(ge=1, le=120)] = 14
    """Days after a review in which a student can appeal."""


class ExternshipPolicy(Values):
    """How hours at an externship site are logged and confirmed."""

    location: Literal["not_asked", "asked"] = "not_asked"
    """Whether a student who logs hours is asked where they are. They may decline."""
    link_days: Annotated[int, Field(ge=2, le=30)] = 14
    """Days for which a supervisor’s link to confirm a week works."""


class ComplaintsPolicy(Values):
    """How soon the school acts on a complaint. GNPEC requires a procedure, and sets no number of days.

    Days are calendar days after the day on which the complaint, the decision or the appeal came.
    """

    acknowledge_days: Annotated[int, Field(ge=1, le=30)] = 5
    """Days to confirm to who complains that the complaint came."""
    decide_days: Annotated[int, Field(ge=1, le=120)] = 30
    """Days to decide it."""
    appeal_days: Annotated[int, Field(ge=1, le=120)] = 14
    """Days after the decision in which it can be appealed."""
    decide_appeal_days: Annotated[int, Field(ge=1, le=120)] = 14
    """Days to decide an appeal."""

    @model_validator(mode="after")
    def _in_order(self) -> "ComplaintsPolicy":
        if self.acknowledge_days > self.decide_days:
            raise ValueError("A complaint is acknowledged before it is decided.")
        return self


class StoragePolicy(Values):
    """How much room uploaded files have. MAX_UPLOAD_BYTES bounds one file whatever the policy says."""

    school_gigabytes: Annotated[int, Field(ge=1, le=100_000)] = 50
    """All files of the school, each content once (1 GB is 1024³ bytes)."""
    package_megabytes: Annotated[int, Field(ge=1, le=1_000_000)] = 3072
    """One course package: the zip and what is in it."""
    file_megabytes: Annotated[int, Field(ge=1, le=1_000_000)] = 1024
    """One uploaded file."""


_HOST = re.compile(r"(?:\*\.)?(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


def _hosts(value: object) -> object:
    """Typed lines as the names of servers; of an address the server's name alone."""
    parts = value if isinstance(value, list | tuple) else [value]
    lines = [line for part in parts for line in re.split(r"[\s;,]+", str(part)) if line]
    names = [re.sub(r"\Ahttps?://", "", line.lower()).partition("/")[0] for line in lines]
    for name in names:
        if not _HOST.fullmatch(name):
            raise ValueError(f"“{name[:80]}” is not the name of a server such as player.vimeo.com.")
    return sorted(set(names))


class LessonContentPolicy(Values):
    """What lessons may show that is not the school's own."""

    outside_hosts: Annotated[list[str], BeforeValidator(_hosts)] = Field(default_factory=list, max_length=50)
    """Servers from which courses may load videos, fonts and the like, over https; `*.example.org` is every server below
    example.org."""


class RetentionPolicy(Values):
    """For how many days each kind of data is kept that goes after a while: what the rooms have registered
    (`app.core.retention`), each by its name.

    Read, a version knows exactly the kinds that there are: one that came later has its default, and none is kept for
    less than the rule of this release asks.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _of_every_kind(cls, values: Mapping[str, Any]) -> dict[str, int]:
        return {
            kind.name: max(kind.minimum_days, int(values.get(kind.name, kind.default_days)))
            for kind in retention.kinds()
        }

    def days(self, name: str) -> int:
        """For how many days this kind is kept."""
        return int((self.model_extra or {})[name])


def retention_faults(values: Mapping[str, object]) -> list[tuple[str, str]]:
    """What is wrong with days as somebody gave them: the kind's name and a sentence that names the rule."""
    known = {kind.name: kind for kind in retention.kinds()}
    faults = []
    for name, given in values.items():
        kind = known.get(name)
        if kind is None:
            faults.append((name, "This policy has no such value."))
            continue
        digits = str(given).strip()
        if not (digits.isascii() and digits.isdigit() and len(digits) < 6) or isinstance(given, bool):
            faults.append((name, "Enter a whole number of days."))
        elif int(digits) < kind.minimum_days:
            unit = "day" if kind.minimum_days == 1 else "days"
            faults.append((name, f"Keep this for {kind.minimum_days} {unit} or more: {kind.because}"))
        elif int(digits) > retention.LONGEST_DAYS:
            faults.append((name, f"Enter {retention.LONGEST_DAYS:,} days or fewer."))
    return faults


SCHEMAS: dict[PolicyKind, type[BaseModel]] = {
    PolicyKind.ATTENDANCE: AttendancePolicy,
    PolicyKind.PROGRESS: ProgressPolicy,
    PolicyKind.PASSWORD: PasswordPolicy,
    PolicyKind.SECOND_FACTOR: SecondFactorPolicy,
    PolicyKind.GRADING: GradingPolicy,
    PolicyKind.ACADEMIC_PROGRESS: AcademicProgressPolicy,
    PolicyKind.EXTERNSHIP: ExternshipPolicy,
    PolicyKind.RETENTION: RetentionPolicy,
    PolicyKind.STORAGE: StoragePolicy,
    PolicyKind.BILLING: BillingPolicy,
    PolicyKind.STATE_FEES: StateFeesPolicy,
    PolicyKind.COMPLAINTS: ComplaintsPolicy,
    PolicyKind.LESSON_CONTENT: LessonContentPolicy,
    PolicyKind.AGREEMENT: AgreementPolicy,
    PolicyKind.WITHDRAWAL: WithdrawalPolicy,
    PolicyKind.PAYMENT_PLANS: PaymentPlanPolicy,
    PolicyKind.LEAVE_OF_ABSENCE: LeavePolicy,
    PolicyKind.REFUND: RefundPolicy,
    PolicyKind.REFUND_SETTINGS: RefundSettingsPolicy,
}
OWN_PAGES = {PolicyKind.REFUND: "/refund-policy", PolicyKind.REFUND_SETTINGS: "/refund-policy/settings"}
"""Policies that are read and filed on pages of their own, with what they give in worked examples."""
FIRST_VERSIONS = {PolicyKind.REFUND: 2}
"""How many versions a kind begins with, where it is not one: they stay, so that every day has a version."""
