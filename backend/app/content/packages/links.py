"""Making a film of another server the content of a lesson, by its link."""

import io

from sqlalchemy.orm import Session

from app.academics import service as academics
from app.content import policy, queries
from app.content.packages.recognition import read_package
from app.content.packages.single_file import SingleFile
from app.content.packages.upload import store_package
from app.content.runtimes.linked import links
from app.core.errors import FieldError, Invalid
from app.core.files import FileStore
from app.core.permissions import Subject
from app.db.models import ContentPackage, ContentType


def link_film(
    session: Session, subject: Subject, store: FileStore, lesson_id: int, *, address: str, length: str
) -> ContentPackage:
    """Make a film on YouTube or Vimeo the current version of a video lesson; earlier versions stay with their records.

    `length` as `4:05` or `1:04:05`, which the share that was watched is counted of. Raises Forbidden, NotFound, and
    Invalid with a sentence for another kind of lesson, another address, or no length.
    """
    policy.require_change(subject)
    place = academics.lesson_place(session, lesson_id)
    if place.content_type != ContentType.VIDEO:
        raise Invalid(
            f"“{place.title}” is not a video lesson. Change its kind to video before adding a video by its link."
        )
    film, milliseconds = links.film_at(address), links.milliseconds_of(length)
    faults = []
    if film is None:
        faults.append(
            FieldError(
                "address",
                "Enter a YouTube or Vimeo link. Copy it from the video’s page, such as "
                "https://www.youtube.com/watch?v=… or https://vimeo.com/….",
            )
        )
    if milliseconds is None:
        faults.append(
            FieldError(
                "length", "Enter how long the video is in minutes and seconds, such as 4:05 or 1:04:05."
            )
        )
    if film is None or milliseconds is None:
        raise Invalid(faults[0].message, errors=faults)
    file = io.BytesIO(links.document_of(film, milliseconds, place.title))
    source = SingleFile(file, links.NAME)
    package = read_package(source)
    queries.lock_lesson(session, lesson_id)
    name = f"{links.LABELS[film.provider]} {film.id}"
    return store_package(session, subject, store, lesson_id, file, name, source, package)
