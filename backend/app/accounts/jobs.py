"""What accounts do later."""

from typing import Any

from app.accounts.access import links
from app.core.jobs import task


@task("accounts.send_reset", queue="mail")
def send_reset(context: Any, email: str) -> None:
    """Mail a link to set a new password, if the address has an account."""
    with context.additional_context["database"].begin() as session:
        links.send_reset(session, context.additional_context["settings"], email)
