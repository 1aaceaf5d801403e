"""The upgrade claims every file that rows name, for the rows that name it."""

import pytest

from tests.migrations.alembic_commands import upgrade
from tests.migrations.conftest import SchoolAt, connected

pytestmark = pytest.mark.xdist_group("migrations")

NAMED = """
    SELECT sha256 FROM content_packages UNION SELECT sha256 FROM content_files
    UNION SELECT sha256 FROM xapi_attachments
    UNION SELECT sha256 FROM xapi_imports WHERE status IN ('waiting', 'running') AND sha256 <> ''
"""


def test_every_file_that_rows_name_is_claimed(school_at: SchoolAt) -> None:
    database = school_at(school_at.before("0036"))
    with connected(database) as connection:
        connection.execute(
            """
            INSERT INTO xapi_imports (file_name, sha256, size_bytes, status)
                VALUES ('waits', repeat('a1', 32), 5, 'waiting'), ('command', '', 5, 'running'),
                       ('done', repeat('a2', 32), 5, 'done');
            INSERT INTO content_files (package_id, path, sha256, size_bytes, media_type)
                VALUES (1, 'copy.html', repeat('3', 64), 10, 'text/html'),
                       (2, 'shared.html', repeat('3', 64), 10, 'text/plain');
            """
        )
    upgrade(database, "0036")
    with connected(database) as connection:
        named = {row[0] for row in connection.execute(NAMED).fetchall()}
        claims = connection.execute(
            "SELECT sha256, owner_room, owner_row, retention, released_at FROM file_claims"
        ).fetchall()
        assert {row[0] for row in claims} == named
        assert {row[0] for row in connection.execute("SELECT sha256 FROM stored_files").fetchall()} == named
        assert {row[3:] for row in claims} == {("normal", None)}
        shared = [row[1:3] for row in claims if row[0] == "3" * 64]
        assert sorted(shared) == [("content.packages", "1"), ("content.packages", "2")]
        connection.execute("DELETE FROM launches WHERE package_id = 1")
        connection.execute("DELETE FROM scorm_data WHERE package_id = 1")
        connection.execute("DELETE FROM content_packages WHERE id = 1")
        left = connection.execute(
            "SELECT count(*) FROM file_claims WHERE owner_row = '1' AND owner_room = 'content.packages'"
            " AND released_at IS NULL"
        ).fetchone()
        assert left == (0,)
