"""Quizzes that end by themselves."""

from typing import Any

from app.content.quizzes import endings, queries
from app.core import clock
from app.core.jobs import jobs, task
from app.db.session import Database
from app.rules.quizzes import GRACE


@task("content.close_quiz")
def close_quiz(context: Any, attempt_id: int) -> None:
    """Submit an attempt whose time is over, also when the student’s browser is gone."""
    _close(context.additional_context["database"], attempt_id)


@jobs.periodic(cron="*/5 * * * *", periodic_id="content.close_quizzes")
@task("content.close_quizzes")
def close_quizzes(context: Any, timestamp: int) -> None:
    """Submit what no job has: after a restore, say."""
    database: Database = context.additional_context["database"]
    with database.begin() as session:
        numbers = queries.overdue(session, clock.now() - GRACE)
    for number in numbers:
        _close(database, number)


def _close(database: Database, attempt_id: int) -> None:
    with database.begin() as session:
        endings.close_overdue(session, attempt_id)
