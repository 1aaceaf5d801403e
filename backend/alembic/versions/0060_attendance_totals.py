"""Attendance adds itself up: minutes by enrollment and day, by student, and by day of the whole school

Triggers keep the totals, so that no writer can forget them: the clock, a correction, an import, COPY, a cascade, an
operator's psql. They work on statements, not on rows: a COPY of a million records is one addition. `attendance_minutes`
is `app.rules.hours.minutes_by_day` in SQL; a test holds the two together.

Revision ID: 0060
Revises: 0056
"""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0056"
branch_labels = None
depends_on = None

# Many students clock out in the same minute. Each day of the school is kept in sixteen parts, so that they do not
# wait for each other at one row; rows are taken in the order of the key, so that they do not wait in a circle.
PARTS = 16

FUNCTIONS = (
    # Before its first start an installation has no row and no hours; the zone is then that of the settings.
    """
    CREATE FUNCTION school_time_zone() RETURNS text LANGUAGE sql STABLE AS $$
        SELECT coalesce((SELECT time_zone FROM school), 'America/New_York')
    $$
    """,
    # Midnight comes twice where clocks are put back over it: the day begins with the first.
    """
    CREATE FUNCTION school_day_start(day date, zone text) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT (day::timestamp AT TIME ZONE zone) - CASE
            WHEN ((((day::timestamp AT TIME ZONE zone) - interval '1 hour') AT TIME ZONE zone)::date = day)
            THEN interval '1 hour' ELSE interval '0' END
    $$
    """,
    # The zone is looked up once by those who call this, and not in the call: only then does the planner put the
    # function's text in place of a call for each record, which takes six times as long.
    # A record that crosses midnight is cut there; a minute that midnight cuts counts for the later day.
    """
    CREATE FUNCTION attendance_minutes(clock_in timestamptz, clock_out timestamptz, zone text)
    RETURNS TABLE (day date, minutes integer) LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1 AS $$
        SELECT (clock_in AT TIME ZONE zone)::date, floor(extract(epoch FROM clock_out - clock_in) / 60)::integer
        WHERE (clock_in AT TIME ZONE zone)::date = (clock_out AT TIME ZONE zone)::date
        UNION ALL
        SELECT cut.day,
            floor(extract(epoch FROM cut.ends - clock_in) / 60)::integer
            - floor(extract(epoch FROM cut.begins - clock_in) / 60)::integer
        FROM (
            SELECT first.day + n AS day,
                CASE WHEN n = 0 THEN clock_in ELSE school_day_start(first.day + n, zone) END AS begins,
                CASE WHEN n = first.nights THEN clock_out ELSE school_day_start(first.day + n + 1, zone) END AS ends
            FROM (
                SELECT (clock_in AT TIME ZONE zone)::date AS day,
                    abs((clock_out AT TIME ZONE zone)::date - (clock_in AT TIME ZONE zone)::date) AS nights
            ) AS first, generate_series(0, first.nights) AS n
            WHERE first.nights > 0
        ) AS cut
    $$
    """,
    # What the totals say against what the records say: no rows while they agree.
    f"""
    CREATE FUNCTION attendance_differences()
    RETURNS TABLE (kind text, number integer, day date, kept bigint, counted bigint) LANGUAGE sql STABLE AS $$
        WITH counted_days AS MATERIALIZED (
            SELECT a.enrollment_id, m.day, sum(m.minutes) AS minutes
            FROM (SELECT school_time_zone() AS name OFFSET 0) z, attendance a,
                attendance_minutes(a.clock_in, a.clock_out, z.name) m
            WHERE a.clock_out > a.clock_in GROUP BY 1, 2
        ), counted_school AS (
            SELECT c.day, (c.enrollment_id % {PARTS})::smallint AS part, sum(c.minutes) AS minutes
            FROM counted_days c GROUP BY 1, 2
        ), counted_students AS (
            SELECT a.user_id, count(*) AS records, coalesce(sum(a.total_minutes), 0) AS minutes
            FROM attendance a GROUP BY 1
        )
        SELECT 'enrollment', coalesce(k.enrollment_id, c.enrollment_id), coalesce(k.day, c.day),
            coalesce(k.minutes, 0)::bigint, coalesce(c.minutes, 0)::bigint
        FROM attendance_days k FULL JOIN counted_days c ON k.enrollment_id = c.enrollment_id AND k.day = c.day
        WHERE coalesce(k.minutes, 0) <> coalesce(c.minutes, 0)
        UNION ALL
        SELECT 'school', coalesce(k.part, c.part), coalesce(k.day, c.day), coalesce(k.minutes, 0)::bigint,
            coalesce(c.minutes, 0)::bigint
        FROM attendance_school_days k FULL JOIN counted_school c ON k.day = c.day AND k.part = c.part
        WHERE coalesce(k.minutes, 0) <> coalesce(c.minutes, 0)
        UNION ALL
        SELECT 'student', coalesce(k.user_id, c.user_id), NULL, coalesce(k.minutes, 0)::bigint,
            coalesce(c.minutes, 0)::bigint
        FROM attendance_students k FULL JOIN counted_students c ON k.user_id = c.user_id
        WHERE coalesce(k.minutes, 0) <> coalesce(c.minutes, 0)
        UNION ALL
        SELECT 'records', coalesce(k.user_id, c.user_id), NULL, coalesce(k.records, 0)::bigint,
            coalesce(c.records, 0)::bigint
        FROM attendance_students k FULL JOIN counted_students c ON k.user_id = c.user_id
        WHERE coalesce(k.records, 0) <> coalesce(c.records, 0)
    $$
    """,
    # Nobody writes attendance meanwhile: what is counted is what there is. Only what differs is written.
    """
    CREATE FUNCTION attendance_rebuild_totals() RETURNS bigint LANGUAGE plpgsql AS $$
    DECLARE
        mended bigint;
    BEGIN
        LOCK TABLE attendance IN SHARE ROW EXCLUSIVE MODE;
        WITH found AS MATERIALIZED (
            SELECT * FROM attendance_differences()
        ), of_days AS (
            INSERT INTO attendance_days AS t (enrollment_id, day, minutes)
            SELECT f.number, f.day, f.counted FROM found f WHERE f.kind = 'enrollment'
            ON CONFLICT (enrollment_id, day) DO UPDATE SET minutes = EXCLUDED.minutes
        ), of_school AS (
            INSERT INTO attendance_school_days AS t (day, part, minutes)
            SELECT f.day, f.number, f.counted FROM found f WHERE f.kind = 'school'
            ON CONFLICT (day, part) DO UPDATE SET minutes = EXCLUDED.minutes
        ), of_students AS (
            INSERT INTO attendance_students AS t (user_id, records, minutes)
            SELECT a.user_id, count(r.id), coalesce(sum(r.total_minutes), 0)
            FROM (SELECT DISTINCT f.number AS user_id FROM found f WHERE f.kind IN ('student', 'records')) a
            LEFT JOIN attendance r ON r.user_id = a.user_id GROUP BY 1
            ON CONFLICT (user_id) DO UPDATE SET records = EXCLUDED.records, minutes = EXCLUDED.minutes
        )
        SELECT count(*) INTO mended FROM found;
        RETURN mended;
    END
    $$
    """,
    # Another zone moves midnight.
    """
    CREATE FUNCTION attendance_zone_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM attendance_rebuild_totals();
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE FUNCTION attendance_truncated() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM attendance_days;
        DELETE FROM attendance_students;
        DELETE FROM attendance_school_days;
        RETURN NULL;
    END
    $$
    """,
)

# Three functions of one text, because a trigger on INSERT knows no old rows and one on DELETE no new ones, and what
# stands in a function as it is, unlike EXECUTE, is planned once in a connection's life.
# What is taken away is an UPDATE: a cascade may have removed the total before the record, and it must not come back.
CHANGED = {
    "INSERT": ("inserted", "NEW TABLE AS came", "SELECT 1 AS sign, n.* FROM came n"),
    "UPDATE": (
        "updated",
        "OLD TABLE AS went NEW TABLE AS came",
        "SELECT -1 AS sign, o.* FROM went o UNION ALL SELECT 1, n.* FROM came n",
    ),
    "DELETE": ("deleted", "OLD TABLE AS went", "SELECT -1 AS sign, o.* FROM went o"),
}
FOLLOW = f"""
    CREATE FUNCTION attendance_{{name}}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        WITH changed AS MATERIALIZED (
            {{rows}}
        ), of_days AS MATERIALIZED (
            SELECT c.enrollment_id, m.day, sum(c.sign * m.minutes)::integer AS minutes
            FROM (SELECT school_time_zone() AS name OFFSET 0) z, changed c,
                attendance_minutes(c.clock_in, c.clock_out, z.name) m
            WHERE c.clock_out > c.clock_in GROUP BY 1, 2 HAVING sum(c.sign * m.minutes) <> 0
        ), of_students AS MATERIALIZED (
            SELECT c.user_id, sum(c.sign)::integer AS records,
                coalesce(sum(c.sign * c.total_minutes), 0)::integer AS minutes
            FROM changed c GROUP BY 1
            HAVING sum(c.sign) <> 0 OR coalesce(sum(c.sign * c.total_minutes), 0) <> 0
        ), days_more AS (
            INSERT INTO attendance_days AS t (enrollment_id, day, minutes)
            SELECT d.enrollment_id, d.day, d.minutes FROM of_days d WHERE d.minutes > 0 ORDER BY 1, 2
            ON CONFLICT (enrollment_id, day) DO UPDATE SET minutes = t.minutes + EXCLUDED.minutes
        ), days_less AS (
            UPDATE attendance_days t SET minutes = t.minutes + d.minutes FROM of_days d
            WHERE d.minutes < 0 AND t.enrollment_id = d.enrollment_id AND t.day = d.day
        ), students_more AS (
            INSERT INTO attendance_students AS t (user_id, records, minutes)
            SELECT s.user_id, s.records, s.minutes FROM of_students s
            WHERE s.records > 0 OR s.records = 0 AND s.minutes > 0 ORDER BY 1
            ON CONFLICT (user_id) DO UPDATE
            SET records = t.records + EXCLUDED.records, minutes = t.minutes + EXCLUDED.minutes
        ), students_less AS (
            UPDATE attendance_students t SET records = t.records + s.records, minutes = t.minutes + s.minutes
            FROM of_students s
            WHERE (s.records < 0 OR s.records = 0 AND s.minutes < 0) AND t.user_id = s.user_id
        )
        INSERT INTO attendance_school_days AS t (day, part, minutes)
        SELECT d.day, d.enrollment_id % {PARTS}, sum(d.minutes) FROM of_days d GROUP BY 1, 2 ORDER BY 1, 2
        ON CONFLICT (day, part) DO UPDATE SET minutes = t.minutes + EXCLUDED.minutes;
        RETURN NULL;
    END
    $$
"""


def upgrade() -> None:
    op.create_table(
        "attendance_days",
        sa.Column("enrollment_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
    )
    op.create_table(
        "attendance_students",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
    )
    op.create_table(
        "attendance_school_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("part", sa.SmallInteger(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
    )
    for function in FUNCTIONS:
        op.execute(function)
    # In one statement each, and the clock waits meanwhile: a record that were written between the sums and the
    # triggers would be missing from the totals permanently. 2.1 million records take about ten seconds.
    op.execute("LOCK TABLE attendance IN SHARE ROW EXCLUSIVE MODE")
    op.execute(
        """
        INSERT INTO attendance_days SELECT a.enrollment_id, m.day, sum(m.minutes)
        FROM (SELECT school_time_zone() AS name OFFSET 0) z, attendance a,
                attendance_minutes(a.clock_in, a.clock_out, z.name) m
        WHERE a.clock_out > a.clock_in GROUP BY 1, 2 HAVING sum(m.minutes) > 0 ORDER BY 1, 2
        """
    )
    op.execute(
        f"""
        INSERT INTO attendance_school_days
        SELECT day, enrollment_id % {PARTS}, sum(minutes) FROM attendance_days GROUP BY 1, 2
        """
    )
    op.execute(
        """
        INSERT INTO attendance_students SELECT user_id, count(*), coalesce(sum(total_minutes), 0)
        FROM attendance GROUP BY 1
        """
    )
    # Keys after the rows: two million rows are checked at once, and not one by one.
    op.create_primary_key("pk_attendance_days", "attendance_days", ["enrollment_id", "day"])
    op.create_primary_key("pk_attendance_students", "attendance_students", ["user_id"])
    op.create_primary_key("pk_attendance_school_days", "attendance_school_days", ["day", "part"])
    op.create_foreign_key(
        "fk_attendance_days_enrollment_id",
        "attendance_days",
        "enrollments",
        ["enrollment_id"],
        ["id"],
        ondelete="CASCADE",
    )
    op.create_foreign_key(
        "fk_attendance_students_user_id",
        "attendance_students",
        "users",
        ["user_id"],
        ["id"],
        ondelete="CASCADE",
    )
    op.create_index(
        "idx_attendance_students_minutes", "attendance_students", [sa.text("minutes DESC"), "user_id"]
    )
    for event, (name, tables, rows) in CHANGED.items():
        op.execute(FOLLOW.format(name=name, rows=rows))
        op.execute(
            f"CREATE TRIGGER attendance_totals_{event.lower()} AFTER {event} ON attendance REFERENCING {tables}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION attendance_{name}()"
        )
    op.execute(
        "CREATE TRIGGER attendance_totals_truncate AFTER TRUNCATE ON attendance"
        " FOR EACH STATEMENT EXECUTE FUNCTION attendance_truncated()"
    )
    op.execute(
        "CREATE TRIGGER attendance_totals_zone AFTER UPDATE OF time_zone ON school FOR EACH ROW"
        " WHEN (OLD.time_zone IS DISTINCT FROM NEW.time_zone) EXECUTE FUNCTION attendance_zone_changed()"
    )
    op.execute(
        "CREATE TRIGGER attendance_totals_first_zone AFTER INSERT ON school FOR EACH ROW"
        " EXECUTE FUNCTION attendance_zone_changed()"
    )


def downgrade() -> None:
    for trigger in ("zone", "first_zone"):
        op.execute(f"DROP TRIGGER attendance_totals_{trigger} ON school")
    for trigger in ("insert", "update", "delete", "truncate"):
        op.execute(f"DROP TRIGGER attendance_totals_{trigger} ON attendance")
    for function in (
        "attendance_inserted()", "attendance_updated()", "attendance_deleted()", "attendance_truncated()",
        "attendance_zone_changed()", "attendance_rebuild_totals()", "attendance_differences()",
        "attendance_minutes(timestamptz, timestamptz, text)", "school_day_start(date, text)", "school_time_zone()",
    ):  # fmt: skip
        op.execute(f"DROP FUNCTION {function}")
    for table in ("attendance_school_days", "attendance_students", "attendance_days"):
        op.drop_table(table)
