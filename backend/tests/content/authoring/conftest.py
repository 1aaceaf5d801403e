"""A school whose lesson is written here."""

from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from app.content.authoring import media, service
from app.content.authoring.schemas import Quiz
from app.db.models import ContentPackage, ContentType
from tests.content.conftest import School, subject_of


def picture(color: str = "teal") -> bytes:
    """A small PNG."""
    out = BytesIO()
    Image.new("RGB", (40, 30), color).save(out, "PNG")
    return out.getvalue()


def add_file(school: School, name: str, data: bytes) -> None:
    media.upload(
        school.session, subject_of(school.instructor), school.files, school.lesson.id, BytesIO(data), name
    )


def write(school: School, body: str, quiz: Quiz | None = None) -> int:
    """Save a text as the instructor; its version."""
    school.lesson.content_type = ContentType.DOCUMENT
    school.session.flush()
    subject = subject_of(school.instructor)
    at = service.read(school.session, subject, school.lesson.id).version
    return service.save(school.session, subject, school.lesson.id, made_from=at, body=body, quiz=quiz).version


def publish(school: School, body: str, quiz: Quiz | None = None) -> ContentPackage:
    """Write a text and make it what students get."""
    version = write(school, body, quiz)
    return service.publish(
        school.session, subject_of(school.instructor), school.files, school.lesson.id, version=version
    )


Publish = Callable[..., ContentPackage]


@pytest.fixture
def document(school: School) -> School:
    """The school, with a lesson of the kind that may be written."""
    school.lesson.content_type = ContentType.DOCUMENT
    school.session.flush()
    return school


def packages(school: School) -> list[ContentPackage]:
    return list(school.session.scalars(select(ContentPackage).order_by(ContentPackage.version)))
