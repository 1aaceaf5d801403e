"""The one door for the LRS's launch tokens: each belongs to a launch, and ends with it."""

from sqlalchemy.orm import Session

from app.db.models import Launch
from app.lrs import service as record_store


def end(session: Session, launch: Launch) -> None:
    """Withdraw the token of a launch, if it has one."""
    if launch.credential_id is not None:
        record_store.end_launch(session, launch.credential_id)
