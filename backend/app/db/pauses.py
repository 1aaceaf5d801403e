"""A transaction that waits for something else than the database."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def allow_pauses(session: Session, minutes: int) -> None:
    """Let this transaction wait, for a file say, as long as that: the server would end one that idles for a minute."""
    session.execute(select(func.set_config("idle_in_transaction_session_timeout", f"{minutes}min", True)))
