"""Which index earns its keep: EXPLAIN (ANALYZE, BUFFERS) without it and with it, at ten million rows of each table.

    ../.venv/bin/python -m benchmarks.plans [--rows 10000000] [--keep DIRECTORY] [--only PART-OF-A-NAME]

The tables are `attendance`, `xapi_statements` and `enrollments`, filled by the database itself (generate_series): three
years, in the order in which they would have come. The questions are those of the pages. An index is taken away in a
transaction that is rolled back, so nothing is built twice. Printed are its size, the time to build it, and for each
question both plans, after a first run that is not counted; `--keep` leaves the server in a directory for the next run.
Ten million rows of each take 9 GB and half an hour on two cores. The exclusion constraint of attendance, which no
question uses, is left out: its GiST index takes longer than everything else together.
"""

import argparse
import re
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

from app.ops.postgres import EmbeddedServer
from benchmarks.lrs_school import prepared

Rows = psycopg.Connection[tuple[object, ...]]

FILL: dict[str, LiteralString] = {
    "users": """
        INSERT INTO users (id, email, hashed_password, full_name, role)
        SELECT n, 's' || n || '@example.org', '!', 'Student ' || n, 'student' FROM generate_series(1, 20000) n""",
    # A student studies once or twice; the rest of the rows are of people who are not in `users` (keys are not checked).
    "enrollments": """
        INSERT INTO enrollments (id, user_id, program_id, status, enrolled_at, progress_pct)
        SELECT n, (n - 1) %% (%(rows)s * 4 / 5) + 1, (n + (n > %(rows)s * 4 / 5)::int) %% 8 + 1,
               (CASE n %% 10 WHEN 0 THEN 'active' WHEN 1 THEN 'withdrawn' ELSE 'completed' END)::enrollment_status,
               date '2023-09-01' + (n * 1095 / %(rows)s)::int, n %% 100
        FROM generate_series(1::bigint, %(rows)s) n""",
    # Everybody is there on each school day, for four to seven hours.
    "attendance": """
        INSERT INTO attendance (user_id, enrollment_id, clock_in, clock_out)
        SELECT s, s, begun, begun + interval '4 hours' + (hashint4(s * 31 + d) & 10799) * interval '1 second'
        FROM generate_series(0, (%(rows)s / 20000)::int - 1) d CROSS JOIN generate_series(1, 20000) s
        CROSS JOIN LATERAL (
            SELECT timestamptz '2023-09-01 12:00+00' + d * (1095.0 * 20000 / %(rows)s) * interval '1 day'
                   + (hashint4(s * 7 + d) & 7199) * interval '1 second') AS clock (begun)""",
    # Three years' statements of 20,000 students, each as long as a packed one of a lesson is.
    "xapi_statements": """
        INSERT INTO xapi_statements (id, user_id, verb, object_id, result, timestamp, stored, packed, octets, actor_id,
                                     version, registration)
        SELECT extract(epoch FROM moment) * 1000000 + n %% 1000, s,
               'http://adlnet.gov/expapi/verbs/' || (ARRAY['answered', 'experienced', 'completed', 'initialized',
                   'terminated', 'passed', 'failed', 'attended'])[n %% 8 + 1],
               'https://school.example/lessons/' || n %% 160, '{"duration": "PT12M30S"}', moment, moment,
               decode(repeat(md5(n::text), 14), 'hex'), 900, s, '2.0.0',
               ('00000000-0000-4000-8000-' || lpad(s::text, 12, '0'))::uuid
        FROM generate_series(1::bigint, %(rows)s) n
        CROSS JOIN LATERAL (SELECT timestamptz '2023-09-01 12:00+00' + n * (1095.0 / %(rows)s) * interval '1 day',
                                   (hashint8(n) & 16383) + 1) AS one (moment, s)""",
}


@dataclass(frozen=True)
class Question:
    """Something that is asked, and the index that is weighed by it."""

    name: str
    index: str
    """Its name; one that is there is taken away, another is made."""
    made: LiteralString
    """How it is made, where it is not there."""
    sql: LiteralString
    instead_of: str = ""
    """An index that is away in both plans."""


QUESTIONS = (
    Question(
        "attendance of one week, newest first (the register, first page)",
        "idx_attendance_clock_in",
        "CREATE INDEX idx_attendance_clock_in ON attendance (clock_in)",
        "SELECT * FROM attendance WHERE clock_in >= timestamptz '2026-03-09' AND clock_in < timestamptz '2026-03-16'"
        " AND user_id NOT IN (SELECT id FROM users WHERE deleted_at IS NOT NULL)"
        " ORDER BY clock_in DESC, id DESC LIMIT 51",
    ),
    Question(
        "attendance of one week, counted",
        "idx_attendance_clock_in",
        "CREATE INDEX idx_attendance_clock_in ON attendance (clock_in)",
        "SELECT count(*) FROM attendance WHERE clock_in >= timestamptz '2026-03-09'"
        " AND clock_in < timestamptz '2026-03-16'"
        " AND user_id NOT IN (SELECT id FROM users WHERE deleted_at IS NOT NULL)",
    ),
    Question(
        "attendance of one student, newest first",
        "idx_attendance_user_id",
        "CREATE INDEX idx_attendance_user_id ON attendance (user_id)",
        "SELECT * FROM attendance WHERE user_id = 4711 ORDER BY clock_in DESC, id DESC LIMIT 51",
    ),
    Question(
        "statements of one week by verb (the charts)",
        "idx_xapi_timestamp",
        "CREATE INDEX idx_xapi_timestamp ON xapi_statements (timestamp)",
        "SELECT (s.timestamp AT TIME ZONE 'America/New_York')::date, s.verb, count(*) FROM xapi_statements s"
        " WHERE s.timestamp >= timestamptz '2026-03-09' AND s.timestamp < timestamptz '2026-03-16' GROUP BY 1, 2",
    ),
    Question(
        "the newest 50 statements by the time at which they happened",
        "idx_xapi_timestamp",
        "CREATE INDEX idx_xapi_timestamp ON xapi_statements (timestamp)",
        'SELECT id, verb, object_id FROM xapi_statements ORDER BY "timestamp" DESC LIMIT 50',
    ),
    Question(
        "the same with the index of the specification, (timestamp DESC), beside the one that is there",
        "weighed_xapi_timestamp_desc",
        "CREATE INDEX weighed_xapi_timestamp_desc ON xapi_statements (timestamp DESC)",
        'SELECT id, verb, object_id FROM xapi_statements ORDER BY "timestamp" DESC LIMIT 50',
    ),
    Question(
        "statements of one week by verb, with BRIN in the place of the index that is there",
        "weighed_xapi_timestamp_brin",
        "CREATE INDEX weighed_xapi_timestamp_brin ON xapi_statements USING brin (timestamp)"
        " WITH (pages_per_range = 32)",
        "SELECT (s.timestamp AT TIME ZONE 'America/New_York')::date, s.verb, count(*) FROM xapi_statements s"
        " WHERE s.timestamp >= timestamptz '2026-03-09' AND s.timestamp < timestamptz '2026-03-16' GROUP BY 1, 2",
        instead_of="idx_xapi_timestamp",
    ),
    Question(
        "whose statements a deleted account's were (the foreign key)",
        "idx_xapi_user_id",
        "CREATE INDEX idx_xapi_user_id ON xapi_statements (user_id)",
        "SELECT count(*) FROM xapi_statements WHERE user_id = 4711",
    ),
    Question(
        "the active enrollment of a student (sign-in, clock-in)",
        "weighed_active_enrollments",
        "CREATE INDEX weighed_active_enrollments ON enrollments (user_id) WHERE status = 'active'",
        "SELECT * FROM enrollments WHERE user_id = 4710 AND status = 'active'",
    ),
    Question(
        "the same, without the unique index on (user_id, program_id) of active ones",
        "uq_enrollments_one_active",
        "CREATE UNIQUE INDEX uq_enrollments_one_active ON enrollments (user_id, program_id) WHERE status = 'active'",
        "SELECT * FROM enrollments WHERE user_id = 4710 AND status = 'active'",
    ),
    Question(
        "who studies now (a list of a thousand students)",
        "weighed_active_enrollments",
        "CREATE INDEX weighed_active_enrollments ON enrollments (user_id) WHERE status = 'active'",
        "SELECT user_id FROM enrollments WHERE status = 'active' AND user_id BETWEEN 1 AND 20000",
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = options.keep or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="aada-benchmark-"))
        )
        folder.mkdir(exist_ok=True)
        folder.chmod(0o711)  # open to the server's own user
        server = stack.enter_context(EmbeddedServer(folder / "postgres"))
        prepared(server, "plans", folder)
        with psycopg.connect(server.url("plans"), autocommit=True) as owner:
            _fill(owner, options.rows)
            for question in QUESTIONS:
                if options.only in f"{question.name} {question.index}":
                    _weigh(owner, question)


def _fill(owner: Rows, rows: int) -> None:
    """Write the tables that are empty: without indexes and checks of keys, then the indexes, one after another."""
    owner.execute("SET session_replication_role = replica")
    owner.execute("SET maintenance_work_mem = '512MB'")
    for table, statement in FILL.items():
        if owner.execute(f"SELECT EXISTS (SELECT FROM {table})".encode()).fetchone() == (True,):
            continue
        begun = time.monotonic()
        indexes = _take_indexes(owner, table)
        owner.execute(statement, {"rows": rows})
        written = time.monotonic()
        print(f"{table}: written in {written - begun:.0f} s", flush=True)
        for name, definition in indexes:
            one = time.monotonic()
            owner.execute(definition.encode())
            print(f"  {name}: built in {time.monotonic() - one:.1f} s", flush=True)
        owner.execute(f"VACUUM ANALYZE {table}".encode())
    owner.execute("CHECKPOINT")
    for table in FILL:
        found = owner.execute(
            "SELECT count(*), pg_size_pretty(pg_table_size(%(t)s::regclass)),"
            f" pg_size_pretty(pg_indexes_size(%(t)s::regclass)) FROM {table}".encode(),
            {"t": table},
        ).fetchone()
        print(
            f"{table}: {found[0]:,} rows, {found[1]} and {found[2]} of indexes" if found else "", flush=True
        )


def _take_indexes(owner: Rows, table: str) -> list[tuple[str, str]]:
    """Drop what slows down writing and give back how to make it again; the primary key stays."""
    constraints = owner.execute(
        "SELECT conname, format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname,"
        " pg_get_constraintdef(oid)) FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('u', 'x')",
        (table,),
    ).fetchall()
    plain = owner.execute(
        "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " WHERE i.indrelid = %s::regclass AND NOT i.indisprimary"
        " AND NOT EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = i.indexrelid AND o.contype IN ('u', 'x'))",
        (table,),
    ).fetchall()
    for name, _ in constraints:
        owner.execute(
            sql.SQL("ALTER TABLE {} DROP CONSTRAINT {} CASCADE").format(
                sql.Identifier(table), sql.Identifier(str(name))
            )
        )
    for name, _ in plain:
        owner.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(str(name))))
    again = [*plain, *(one for one in constraints if "EXCLUDE" not in str(one[1]))]
    return [(str(name), str(definition)) for name, definition in again]


def _weigh(owner: Rows, question: Question) -> None:
    there = owner.execute("SELECT to_regclass(%s)", (question.index,)).fetchone() != (None,)
    print(f"\n== {question.name}\n   {question.index}: {question.made}", flush=True)
    with owner.transaction(force_rollback=True):
        if question.instead_of:
            owner.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(question.instead_of)))
        if there:
            size = _size(owner, question.index)
            with_it = _explain(owner, question.sql)
            owner.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(question.index)))
            without, built = _explain(owner, question.sql), None
        else:
            without = _explain(owner, question.sql)
            begun = time.monotonic()
            owner.execute(question.made)
            built = time.monotonic() - begun
            size = _size(owner, question.index)
            with_it = _explain(owner, question.sql)
    print(f"   size {size}" + (f", built in {built:.1f} s" if built is not None else ""))
    for title, plan in (("without it", without), ("with it", with_it)):
        print(f"-- {title}\n" + "\n".join(f"   {line}" for line in plan), flush=True)


def _size(owner: Rows, index: str) -> object:
    found = owner.execute("SELECT pg_size_pretty(pg_relation_size(%s::regclass))", (index,)).fetchone()
    return found[0] if found else None


def _explain(owner: Rows, question: LiteralString) -> list[str]:
    """The plan of the second run, without what is of no use here."""
    lines: list[str] = []
    for _ in range(2):
        lines = [str(row[0]) for row in owner.execute(f"EXPLAIN (ANALYZE, BUFFERS) {question}".encode())]
    text = "\n".join(lines)
    return re.sub(r"^Planning:?(.*\n)(  Buffers.*\n)?", "", text, flags=re.MULTILINE).split("\n")


if __name__ == "__main__":
    main()
