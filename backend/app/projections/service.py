"""What operators may ask of the projections: who follows the history, how far, and once more from the beginning."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.core.errors import NotFound
from app.core.installation import installation, note_newer_server
from app.core.permissions import internal
from app.db.session import Database
from app.projections import alerts, lesson_grades, notices, queries, subscription
from app.projections.queries import Lag
from app.projections.runner import Runner
from app.projections.statements import subscriber as statements
from app.projections.subscription import Subscriber

__all__ = ["SUBSCRIBERS", "Following", "Lag", "following", "prepare", "replay", "runner"]

SUBSCRIBERS: Mapping[str, Subscriber] = {
    one.name: one
    for one in (statements.SUBSCRIBER, notices.SUBSCRIBER, alerts.SUBSCRIBER, lesson_grades.SUBSCRIBER)
}


@dataclass(frozen=True, slots=True)
class Following:
    """A subscriber as the Operations page shows it."""

    title: str
    lag: Lag

    @property
    def stuck(self) -> bool:
        """Whether an entry could not be followed; everything behind it waits."""
        return self.lag.failures > 0


@internal("done at each start, before anybody can ask for anything")
def prepare(database: Database) -> None:
    """Fix who this installation is, and give every subscriber its cursor."""
    with database.begin() as session:
        installation(session)
    with database.begin() as session:
        note_newer_server(session)
        for one in SUBSCRIBERS.values():
            queries.begin(session, one.name, from_now=one.from_now)


@internal("the system's own work")
def runner(database: Database) -> Runner:
    """The subscribers, to be started and stopped with the process."""
    return Runner(database, SUBSCRIBERS.values())


@internal("shown on the Operations page, which has asked")
def following(session: Session) -> list[Following]:
    """How far each subscriber has come."""
    return [
        Following(SUBSCRIBERS[lag.name].title if lag.name in SUBSCRIBERS else lag.name, lag)
        for lag in queries.lags(session)
    ]


@internal("a command of the operator")
def replay(database: Database, name: str, *, after: int, note: Callable[[int], None]) -> int:
    """Apply what a subscriber has followed once more, from behind an entry; how many entries. Raises NotFound."""
    one = SUBSCRIBERS.get(name)
    if one is None or not one.replayable:
        known = ", ".join(sorted(key for key, value in SUBSCRIBERS.items() if value.replayable))
        raise NotFound(f"“{name}” cannot be replayed. What can be: {known}.")
    return subscription.replay(database, one, after=after, note=note)
