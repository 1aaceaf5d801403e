"""What payment plans do every morning: reminders, then late fees."""

from typing import Any

import structlog

from app.core import clock
from app.core.jobs import jobs, task
from app.finance.ledger.plans import late_fees, service
from app.school import service as school

log = structlog.get_logger(__name__)


# By then the day before is over in all fifty states (11:23 UTC is 7:23 a.m. in an Atlanta summer, 1:23 a.m. in Hawaii);
# which day it is, the school's own time zone says.
@jobs.periodic(cron="23 11 * * *", periodic_id="payment_plans.morning")
@task("payment_plans.morning", queue="mail")
def morning(context: Any, timestamp: int) -> None:
    """Remind students of installments, and charge late fees; run twice it does nothing more."""
    known = context.additional_context
    database, settings = known["database"], known["settings"]
    with database.begin() as session:
        today = clock.today(school.facts(session).zone)
        reminded = service.remind(session, settings, today)
        plans = service.plans_with_fees(session, today)
    charged = 0
    for plan_id in plans:
        with database.begin() as session:
            charged += len(late_fees.charge(session, settings, plan_id, today))
    log.info("payment_plans", reminded=reminded, charged=charged)
