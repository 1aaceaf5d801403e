"""Memory of a long export: what the program needs beyond its own size while it writes out many statements.

    python -m benchmarks.lrs_export [statements]

Starts a server of its own, fills it, reads the NDJSON export and the CSV from the same process and prints the growth
of the resident memory and the pace.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import text

from app.db.session import Database
from app.lrs.desk.browser.export import COLUMNS, chunks_of
from app.lrs.desk.browser.presentation import line_of
from app.lrs.engine.statements.filters import Filter
from app.ops import migrations, roles
from app.ops.postgres import EmbeddedServer
from app.settings import Settings
from app.web.reports.files import csv_stream

FILL = """
INSERT INTO xapi_statements (id, verb, object_id, timestamp, statement_id, payload, version, result)
SELECT 1700000000000000 + n, 'http://adlnet.gov/expapi/verbs/completed', 'https://example.org/lessons/' || n % 500,
       now(), gen_random_uuid(),
       json_build_object(
           'id', gen_random_uuid(), 'actor', json_build_object('mbox', 'mailto:s' || n % 200 || '@example.org'),
           'verb', json_build_object('id', 'http://adlnet.gov/expapi/verbs/completed'),
           'object', json_build_object('id', 'https://example.org/lessons/' || n % 500,
               'definition', json_build_object('name', json_build_object('en-US', repeat('Lesson ', 20)))),
           'result', json_build_object('score', json_build_object('scaled', 0.9)),
           'context', json_build_object('platform', repeat('x', 400)), 'timestamp', '2026-11-22T10:00:00Z'),
       '2.0.0', '{"score": {"scaled": 0.9}}'
FROM generate_series(1, :count) n
"""


def _resident_mib() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Fill, export twice, print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder), durable=False) as server:
        server.ensure_database("export")
        settings = Settings(
            _env_file=None,
            environment="test",
            secret_key="a key for the benchmark, of good length",
            aada_app_password="benchmark",
            database_url=server.url("export"),
        )
        migrations.upgrade(settings)
        roles.set_app_password(settings)
        owner = Database(settings, settings.owner_database_url)
        with owner.begin() as session:
            session.execute(text(FILL), {"count": count})
        owner.close()
        database = Database(settings)
        for name in ("NDJSON", "CSV"):
            chunks = chunks_of(database, Filter(), None)
            first = next(chunks)
            before, peak, octets, began = _resident_mib(), 0.0, 0, time.monotonic()
            if name == "CSV":
                lines = (line_of(one) for chunk in chunks for one in chunk)
                pieces = csv_stream(COLUMNS, lines, settings.zone)
            else:
                pieces = ("".join(f"{one.payload}\n" for one in chunk).encode() for chunk in chunks)
            for number, piece in enumerate(pieces):
                octets += len(piece)
                if number % 20 == 0:
                    peak = max(peak, _resident_mib() - before)
            seconds = time.monotonic() - began
            rate = (count - len(first)) / seconds
            print(
                f"{name}: {count:,} statements, {octets / 1e6:,.0f} MB, {rate:,.0f}/s, +{peak:.1f} MiB at most"
            )
        database.close()


if __name__ == "__main__":
    main()
