"""What verifying a long history takes: every entry read and hashed, every seal made again.

Printed beside what is measured in the same run: reading the same rows with nothing but count(*) of their text.

    cd backend && ../.venv/bin/python -m benchmarks.seals [--entries 1000000]
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

from sqlalchemy import text

from app.core.seals import service
from app.db.session import Database
from app.ops import migrations, roles
from app.ops.postgres import EmbeddedServer
from app.settings import Settings

LIMIT_SECONDS = 8
FILL = text(
    """
    INSERT INTO audit_log (at, occurred_at, actor_id, actor_name, action, target, target_id, student_id, details,
                           request_id, ip, generation, xid)
    SELECT now(), now(), n % 500, 'Person ' || n % 500, 'attendance.clocked_in', 'attendance', n::text, n % 2000,
           jsonb_build_object('clock_in', now(), 'minutes', n % 300), md5(n::text), '10.0.0.1', 1,
           -- Of transactions that ended long ago: those to come are sealed when they have ended.
           (n::bigint * 100 / :entries + 10)::text::xid8
    FROM generate_series(1, :entries) n
    """
)
READ = text("SELECT count(*), sum(length(audit_log::text)) FROM audit_log")


def main() -> None:
    """Fill a database of its own, seal it, verify it, and print the ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--entries", type=int, default=1_000_000)
    entries = parser.parse_args().entries
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedServer(Path(folder) / "postgres", durable=False) as server,
    ):
        server.ensure_database("bench")
        settings = Settings(
            _env_file=None,
            environment="test",
            secret_key="a key for a benchmark, of good length",
            aada_app_password="a password for a benchmark",
            database_url=server.url("bench"),
            data_dir=Path(folder),
        )
        migrations.upgrade(settings)
        roles.set_app_password(settings)
        owner = Database(settings, settings.owner_database_url)
        with owner.begin() as session:
            session.execute(FILL, {"entries": entries})
        owner.close()
        database = Database(settings)
        began = time.perf_counter()
        sealed = more = 1
        while more:
            with database.begin() as session:
                more = service.seal(session)
            sealed += more
        sealing = time.perf_counter() - began
        times = {}
        for name in ("read", "verify"):
            began = time.perf_counter()
            with database.begin() as session:
                if name == "read":
                    session.execute(READ)
                else:
                    found = service.verify(session)
            times[name] = time.perf_counter() - began
        database.close()
    if found.faults:
        raise SystemExit(found.faults[0].sentence)
    print(f"{found.entries:,} entries under {found.seals:,} seals")
    print(f"seal       {sealing:6.2f} s")
    print(f"read alone {times['read']:6.2f} s")
    ratio = times["verify"] / times["read"]
    print(f"verify     {times['verify']:6.2f} s   {ratio:.1f} x reading   limit {LIMIT_SECONDS} s")
    print(f"memory     {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:6.0f} MiB at most")


if __name__ == "__main__":
    main()
