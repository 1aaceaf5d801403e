"""Documents that several people sign one after another: the number waits, and the register gets the last file.

`begin` takes the number, `presented` draws what everybody signs, `sign` adds one signature, `finish` puts the whole
document into the register. The room keeps the file in between, and ends with `give_up` what is never signed.
"""

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.orm import Session

from app.core import timestamps
from app.core.files import StoredFile
from app.core.permissions import Actor, internal
from app.db.models import IssuedDocument
from app.documents import kinds, numbers, policy, queries
from app.documents.issue import Draft, Ready, give_up, time_stamp_of, write_down
from app.documents.keys.service import OwnKey
from app.documents.numbers import Made, Wanted
from app.documents.render.service import render
from app.settings import Settings

if TYPE_CHECKING:
    from app.documents.pades import Signed

__all__ = ["begin", "finish", "give_up", "known", "presented", "sign"]


@internal("a step of preparing, which the room allows")
def known(session: Session, request: UUID) -> IssuedDocument | None:
    """What a form that was sent before has made."""
    return queries.by_request(session, request)


def begin(session: Session, subject: Actor, draft: Draft, today: date, request: UUID) -> tuple[int, str]:
    """Take a number; (row, number as printed). Commit soon: others wait. Raises Forbidden, NotFound."""
    policy.require_issue(subject, draft.student_id, kinds.keepers(draft.kind))
    wanted = Wanted(draft.kind, draft.student_id, draft.enrollment_id, request, draft.payer_id)
    ((document_id, number),) = numbers.reserve(session, subject, today.year, [wanted])
    return document_id, number


@internal("draws what the room decided")
def presented(
    settings: Settings, draft: Draft, number: str, today: date, fields: Sequence[str]
) -> tuple[bytes, str]:
    """The file that is presented for signing, and the SHA-256 of the facts in it. Raises as `issue` does."""
    data, machine = draft.data(number, today)
    pdf = render(settings, kinds.get(draft.kind).layout, data, files=draft.letterhead.files)
    from app.documents.pades import with_fields  # noqa: PLC0415 - 13 MB that most processes never need

    return with_fields(pdf, fields), hashlib.sha256(machine.encode()).hexdigest()


@internal("signs what the room decided")
def sign(
    settings: Settings,
    pdf: bytes,
    key: OwnKey,
    *,
    field: str,
    fields: Sequence[str],
    name: str,
    reason: str,
    place: str | None,
) -> "Signed":
    """The file with one more signature: the school’s key witnesses what this person did."""
    from app.documents.pades import sign_for  # noqa: PLC0415 - see above

    return sign_for(
        pdf,
        key,
        timestamps.authority(settings),
        field=field,
        fields=fields,
        name=name,
        reason=reason,
        place=place,
    )


@internal("the last step of signing, which the room allows")
def finish(
    session: Session,
    subject: Actor,
    document_id: int,
    signed: "Signed",
    stored: StoredFile,
    facts_sha256: str,
    key: OwnKey,
    today: date,
    *,
    replaces: int | None = None,
) -> IssuedDocument:
    """Put the document with everybody’s signature into the register, in place of the one that it supersedes."""
    made = Made(stored.sha256, stored.size, facts_sha256, key.id, today, time_stamp_of(signed))
    (row,) = write_down(session, subject, [Ready(None, document_id, made, stored)], replaces)
    return row
