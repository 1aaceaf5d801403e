"""A database whose owner is no superuser, and the roles beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import sql

from app.ops.database_roles import service
from app.ops.database_roles.kinds import BACKUP, MIGRATOR, MONITOR, READONLY
from app.ops.servers import connect
from app.settings import Settings

OURS = (MIGRATOR, READONLY, MONITOR, BACKUP)


@pytest.fixture
def owned(live_settings: Settings) -> Iterator[Settings]:
    """A school whose tables belong to somebody who is no superuser, as on a server of one's own."""
    name = live_settings.owner_database_url.database
    with connect(live_settings) as admin:
        admin.autocommit = True
        admin.execute("CREATE ROLE school_owner LOGIN CREATEROLE PASSWORD 'for tests'")
        admin.execute(sql.SQL("ALTER DATABASE {} OWNER TO school_owner").format(sql.Identifier(str(name))))
        admin.execute(
            """DO $$ DECLARE act text; BEGIN
                 FOR act IN SELECT format('ALTER %s %s OWNER TO school_owner',
                                          CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, oid::regclass)
                            FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S')
                              AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                                              AND d.objid = pg_class.oid AND d.deptype IN ('a', 'i', 'e')
                                              AND relkind = 'S') LOOP
                   EXECUTE act;
                 END LOOP;
               END $$"""
        )
        admin.execute("GRANT CREATE, USAGE ON SCHEMA public TO school_owner")
    yield live_settings
    with connect(live_settings) as admin:
        admin.autocommit = True
        admin.execute("REASSIGN OWNED BY school_owner TO postgres")
        for role in (*OURS, "school_owner"):
            if admin.execute("SELECT to_regrole(%s)", (role,)).fetchone() != (None,):
                admin.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(role)))
                admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


@pytest.fixture
def made(owned: Settings, tmp_path: Path) -> dict[str, str]:
    """The addresses of the roles, made by the server's administrator."""
    file = tmp_path / "roles.env"
    done = service.bring(owned, file)
    assert done.refused == []
    found = re.findall(r"postgresql://(\w+):\S+", file.read_text(encoding="utf-8"))
    assert sorted(found) == sorted(OURS)
    return dict(re.findall(r"(?=postgresql://(\w+))(postgresql://\S+)", file.read_text(encoding="utf-8")))
