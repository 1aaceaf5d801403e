"""What accounts do later."""

from typing import Any

from app.accounts.access import links, service
from app.accounts.factors import service as factors
from app.core.jobs import jobs, task


@task("accounts.send_reset", queue="mail")
def send_reset(context: Any, email: str) -> None:
    """Mail a link to set a new password, if the address has an account."""
    with context.additional_context["database"].begin() as session:
        links.send_reset(session, context.additional_context["settings"], email)


@jobs.periodic(cron="17 3 * * *", periodic_id="accounts.forget_old")
@task("accounts.forget_old")
def forget_old(context: Any, timestamp: int) -> None:
    """Delete old attempts, sessions, links and challenges, every night."""
    with context.additional_context["database"].begin() as session:
        service.forget_old(session)
        factors.forget_old(session)
