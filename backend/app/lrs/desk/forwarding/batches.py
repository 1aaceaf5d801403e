"""One batch on its way to a target: sent together, and what is refused for its content each statement alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic

from app.core.files import FileMissing, FileStore
from app.lrs.desk.forwarding.client import Answer, AwayError, BrokenOffError, Target, ask
from app.lrs.desk.forwarding.payload import Outgoing, body_of, parcels
from app.lrs.desk.forwarding.responses import of_the_target, said, sentence
from app.lrs.engine.statements.filters import Filter

_BREAKS_BORNE = 5
"""Failures in a row (a quarter of an hour) after which a statement that breaks the connection is put aside."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a target gets next, and as whom it is asked."""

    id: int
    target: Target
    after: int
    filter: Filter
    failures: int


@dataclass(slots=True)
class Outcome:
    """What became of a batch, statement by statement, as far as it got."""

    keys: list[int] = field(default_factory=list)
    """Statements that are dealt with, in order: the target took or refused them."""
    refused: list[tuple[int, str]] = field(default_factory=list)
    away: str = ""
    """Why the target could not be asked; empty while it can."""
    wait_seconds: int | None = None
    is_late: bool = False
    """The time was up before the end of the batch."""

    @property
    def sent(self) -> int:
        return len(self.keys) - len(self.refused)

    @property
    def is_whole(self) -> bool:
        return not self.away and not self.is_late

    def refuse(self, item: Outgoing, why: str) -> None:
        self.keys.append(item.key)
        self.refused.append((item.key, why))


def send(plan: Plan, files: FileStore, items: Sequence[Outgoing], until: float) -> Outcome:
    """Send a batch, as long as the monotonic clock is before `until`; one statement is always dealt with."""
    outcome = Outcome()
    for parcel in parcels(items):
        _send_parcel(plan, files, parcel, until, outcome)
        if not outcome.is_whole:
            break
    return outcome


def _send_parcel(
    plan: Plan, files: FileStore, parcel: list[Outgoing], until: float, outcome: Outcome
) -> None:
    if outcome.keys and monotonic() >= until:
        outcome.is_late = True
        return
    answer = _post(plan, files, parcel, outcome)
    if answer is None:
        return
    if 200 <= answer.status < 300:
        outcome.keys += [item.key for item in parcel]
    elif len(parcel) == 1:
        outcome.refuse(parcel[0], said(answer))
    else:
        for item in parcel:
            _send_parcel(plan, files, [item], until, outcome)
            if not outcome.is_whole:
                return


def _post(plan: Plan, files: FileStore, parcel: list[Outgoing], outcome: Outcome) -> Answer | None:
    """The target's verdict on statements; None when it gave none, and why stands in the outcome."""
    try:
        answer = ask(plan.target, "POST", "/statements", body_of(parcel, files))
    except FileMissing:
        outcome.refuse(
            parcel[0], "The file of an attachment is no longer in the file store here; it was not sent."
        )
        return None
    except BrokenOffError as error:
        # A large body that a proxy cuts off must not hold up forever what comes after it.
        if parcel[0].files and plan.failures >= _BREAKS_BORNE:
            megabytes = parcel[0].size_bytes / 1_000_000
            outcome.refuse(parcel[0], f"{error} It was sent {megabytes:.1f} MB of attachments.")
        else:
            outcome.away = sentence(error)
        return None
    except AwayError as error:
        outcome.away = sentence(error)
        return None
    if of_the_target(answer):
        outcome.away, outcome.wait_seconds = said(answer), answer.retry_after_seconds
        return None
    return answer
