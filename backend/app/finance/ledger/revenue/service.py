"""Deferred revenue as of a day: charged, earned by the hours given, and deferred, for each enrollment and in all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import FieldError, Invalid
from app.core.permissions import Actor
from app.db.models import User
from app.finance.ledger import policy
from app.finance.ledger.revenue import queries
from app.rules.deferred_revenue import Charged, Standing
from app.school import service as school
from app.web.listing import Computed
from app.web.paging import Paging


@dataclass(frozen=True, slots=True)
class Line:
    """One enrollment, or what a student was charged without naming one of several."""

    user_id: int
    full_name: str
    email: str
    enrollment_id: int | None
    program: str
    figures: Charged

    @property
    def share_pct(self) -> float | None:
        """The share for a reader; what is computed with is the fraction."""
        share = self.figures.share
        return None if share is None else round(share[0] / share[1] * 100, 2)


@dataclass(frozen=True, slots=True)
class Revenue:
    """Every line as of a day, with the sums, and what the ledger itself holds."""

    day: date
    lines: Sequence[Line]
    ledger_cents: int

    @property
    def charged_cents(self) -> int:
        return sum(one.figures.charged_cents for one in self.lines)

    @property
    def earned_cents(self) -> int:
        return sum(one.figures.earned_cents for one in self.lines)

    @property
    def deferred_cents(self) -> int:
        return sum(one.figures.deferred_cents for one in self.lines)

    @property
    def unknown(self) -> int:
        """Lines of programs without hours, or of no program, of which nothing is earned yet."""
        return sum(one.figures.share is None for one in self.lines)

    @property
    def about(self) -> dict[str, str]:
        """What a file says of itself: the day, whether or not one was asked for."""
        return {"As of": self.day.isoformat()}

    def by_program(self) -> list[tuple[str, int, int]]:
        """Earned and deferred cents of each program, by name."""
        found: dict[str, tuple[int, int]] = {}
        for one in self.lines:
            earned, deferred = found.get(one.program, (0, 0))
            found[one.program] = (
                earned + one.figures.earned_cents,
                deferred + one.figures.deferred_cents,
            )
        return [(program, *found[program]) for program in sorted(found)]


def revenue(session: Session, subject: Actor, day: date | None = None) -> Revenue:
    """As of the end of a day, today unless given. Raises Forbidden, Invalid for a day to come."""
    policy.require_read_all(subject)
    zone = school.facts(session).zone
    today = clock.today(zone)
    day = day or today
    if day > today:
        sentence = "This day is in the future: its hours have not been given. Choose today or an earlier day."
        raise Invalid(sentence, errors=[FieldError("day", sentence)])
    rows = queries.charged(session, day, zone, policy.visible(session, subject, User.id))
    lines = [
        Line(
            row.user_id,
            row.full_name,
            row.email,
            row.enrollment_id,
            row.program,
            Charged(
                row.cents,
                Standing(row.standing),
                row.attended,
                row.transferred,
                row.clock_hours * 60 if row.clock_hours else None,
            ),
        )
        for row in rows
    ]
    return Revenue(day, lines, queries.in_ledger(session, day))


def listing(session: Session, subject: Actor, found: Revenue, paging: Paging) -> Computed[Line]:
    """The lines as a list. Sorts: student, program, charged, share, earned, deferred. Raises Forbidden."""
    policy.require_read_all(subject)
    return Computed(
        session,
        found.lines,
        paging,
        {
            "student": lambda one: one.full_name,
            "program": lambda one: one.program,
            "charged": lambda one: one.figures.charged_cents,
            "share": lambda one: one.share_pct,
            "earned": lambda one: one.figures.earned_cents,
            "deferred": lambda one: one.figures.deferred_cents,
        },
        "student",
        lambda one: (one.full_name, one.email, one.program),
    )
