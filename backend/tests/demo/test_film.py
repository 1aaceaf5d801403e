"""The demo school's video, and what its students wrote: added to a school, and nobody's progress changed by it."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.db.models import ContentFile, ContentPackage, Enrollment, Lesson
from app.db.session import Database
from app.demo import seed_demo_school
from app.demo.film import TITLE, upload_film
from app.ops.postgres import EmbeddedServer
from app.settings import Settings
from tests.conftest import _throwaway

pytestmark = pytest.mark.xdist_group("demo_school")


def test_the_video_has_captions_and_chapters_and_changes_no_progress(
    postgres: EmbeddedServer, template: str, make_settings: Callable[..., Settings]
) -> None:
    with _throwaway(postgres, template) as name:
        settings = make_settings(name)
        database = Database(settings)
        seed_demo_school(
            database, settings, seed=3, students=5, moment=datetime(2026, 11, 23, 15, 20, tzinfo=UTC)
        )
        progress = select(Enrollment.id, Enrollment.progress_pct).order_by(Enrollment.id)
        with database.begin() as session:
            before = session.execute(progress).all()
        number = upload_film(database, settings)
        assert upload_film(database, settings) is None
        with database.begin() as session:
            lesson = session.scalars(select(Lesson).where(Lesson.title == TITLE)).one()
            package = session.scalars(
                select(ContentPackage).where(ContentPackage.lesson_id == lesson.id)
            ).one()
            files = session.scalars(
                select(ContentFile.path)
                .where(ContentFile.package_id == package.id)
                .order_by(ContentFile.path)
            ).all()
            details = package.manifest["items"][0]["details"]
            assert (lesson.id, lesson.optional, package.standard, package.warnings) == (
                number,
                True,
                "video",
                [],
            )
            assert [one["language"] for one in details["captions"]] == ["en", "es"]
            assert details["chapters"] in files
            assert len(files) == 4
            assert session.execute(progress).all() == before
        database.close()
