"""The school's logo in the file store: cleaned before it is kept, claimed while it is shown."""

from io import BytesIO

from sqlalchemy.orm import Session

from app.core.errors import FieldError, Invalid, NotFound
from app.core.files import FileMissing, FileStore, claims, intake
from app.core.permissions import Actor
from app.school import logo, policy, service
from app.school.facts import Logo

LARGEST_BYTES = logo.LARGEST_BYTES
_ROOM, _ROW = "school.logo", 1


def change_logo(session: Session, subject: Actor, store: FileStore, content: bytes) -> Logo:
    """Show another logo. Raises Invalid for what is no picture, or one that could do more than be seen."""
    policy.require_change(subject)
    try:
        cleaned = logo.clean(content)
    except logo.NoLogo as refused:
        raise Invalid(str(refused), errors=[FieldError("logo", str(refused))]) from refused
    intake.examine_upload(session, store, BytesIO(cleaned.content))
    stored = store.put(cleaned.content)
    claims.release(session, _ROOM, _ROW)
    claims.claim(session, stored, room=_ROOM, row=_ROW, media_type=cleaned.media_type)
    made = Logo(stored.sha256, cleaned.media_type)
    service.set_logo(session, subject, made)
    return made


def remove_logo(session: Session, subject: Actor) -> None:
    """Show no logo."""
    policy.require_change(subject)
    claims.release(session, _ROOM, _ROW)
    service.set_logo(session, subject, None)


def read_logo(store: FileStore, found: Logo) -> bytes:
    """The picture's bytes. Raises NotFound if the file has gone from the store."""
    try:
        return store.read_bytes(found.sha256)
    except FileMissing:
        raise NotFound("The school's logo is not in the file store. Upload it again.") from None
