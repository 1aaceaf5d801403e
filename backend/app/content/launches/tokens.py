"""The one door for the record store's launch tokens: each belongs to a launch, and ends with it."""

from sqlalchemy.orm import Session

from app.content import queries
from app.core.errors import Conflict
from app.core.installation import installation
from app.db.models import Launch
from app.lrs import service as record_store
from app.settings import Settings


def for_launch(
    session: Session, settings: Settings, launch: Launch, *, activity: str
) -> record_store.NewSecret:
    """A token with which the content of an open launch writes statements about its learner; the former one ends.

    `activity` is the IRI the content is launched for. Raises Conflict for a preview, which records nothing, and for
    a launch that has ended.
    """
    if launch.preview or launch.enrollment_id is None or launch.ended_at is not None:
        raise Conflict("This launch records nothing, so its content gets no access to the LRS.")
    end(session, launch)
    home_page = installation(session).home_page
    made = record_store.launch_token(
        session,
        settings.app_origin,
        user_id=launch.user_id,
        agent=record_store.agent_of(home_page, launch.user_id, queries.user_name(session, launch.user_id)),
        activity=activity,
        registration=record_store.registration_of(home_page, launch.enrollment_id),
    )
    launch.credential_id = made.api_key.id
    session.flush()
    return made


def end(session: Session, launch: Launch) -> None:
    """Withdraw the token of a launch, if it has one."""
    if launch.credential_id is not None:
        record_store.end_launch(session, launch.credential_id)
