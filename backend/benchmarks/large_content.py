"""Large content: what the program weighs while a package is imported, and how fast a film is given out in ranges.

    ../.venv/bin/python -m benchmarks.large_content [--package 1000] [--film 1500] [--ranges 60]

Sizes in MiB. The package is sent to the upload page as a browser sends it, and the program is weighed ten times a
second before, while it comes and is imported, and afterwards: the growth is to stay within 20 MiB. The film has the
length of two hours in its index and random bytes for pictures. It is asked for in ranges of 8 MiB at random places,
over one connection, and each range is also read from the same file with plain `read()` of the store's own piece size,
in turns: first with nothing of the file in memory (the disk's speed), then with all of it there. The client runs on
the same machine.
"""

import argparse
import http.client
import os
import random
import re
import statistics
import struct
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text

from app.core.files.store import CHUNK
from app.db.session import Database
from app.demo.packages import LESSONS
from app.settings import Settings
from benchmarks.crowd import served, sign_in
from benchmarks.start import family, proportional_mib

MIB = 1024**2
RANGE = 8 * MIB
MOST_GROWTH_MIB = 20
MANIFEST = """<?xml version="1.0"?>
<manifest identifier="large" version="1" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"
 xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2">
<metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata>
<organizations default="o"><organization identifier="o"><title>Large</title>
<item identifier="i" identifierref="r"><title>Large</title></item></organization></organizations>
<resources><resource identifier="r" type="webcontent" adlcp:scormtype="sco" href="index.html">
<file href="index.html"/></resource></resources></manifest>
"""
LESSON = """
INSERT INTO lessons (module_id, title, content_type, order_num)
SELECT min(id), :title, CAST(:kind AS lesson_content_type), 900 FROM modules RETURNING id
"""
ROOM = """
INSERT INTO school_policies (kind, version, effective_from, "values", approved_by)
VALUES ('storage', (SELECT coalesce(max(version), 0) + 1 FROM school_policies WHERE kind = 'storage'), '2020-01-02',
        '{"school_gigabytes": 1000, "package_megabytes": 100000, "file_megabytes": 100000}', 'Benchmark')
"""


@dataclass
class School:
    """A school that is served: where, by which process, an administrator's cookie, two lessons to fill."""

    port: int
    program: int
    cookie: str
    lessons: dict[str, int]


@dataclass
class Weighed:
    """What the program weighed while something went on, in MiB, and how long that took."""

    before: float
    samples: list[float] = field(default_factory=list)
    seconds: float = 0.0


def package(path: Path, mebibytes: int) -> None:
    """A course whose films cannot be packed any smaller."""
    pick = random.Random(1)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("imsmanifest.xml", MANIFEST)
        archive.writestr("index.html", "<!doctype html><title>Large</title>")
        left = mebibytes
        while left > 0:
            part = min(left, 250)
            with archive.open(f"part-{left}.bin", "w") as entry:
                for _ in range(part):
                    entry.write(pick.randbytes(MIB))
            left -= part


def film(path: Path, mebibytes: int) -> None:
    """A film that says that it lasts two hours: the index of a small one, and random bytes for pictures."""
    pick, small = random.Random(2), bytearray((LESSONS / "hand-hygiene-film.mp4").read_bytes())
    at = small.index(b"mvhd") + 4
    scale = struct.unpack(">I", small[at + 12 : at + 16])[0]
    small[at + 16 : at + 20] = struct.pack(">I", 7_200 * scale)
    with path.open("wb") as file:
        file.write(small)
        file.write(struct.pack(">I4sQ", 1, b"mdat", 16 + mebibytes * MIB))
        for _ in range(mebibytes):
            file.write(pick.randbytes(MIB))


def fill(settings: Settings) -> tuple[str, dict[str, int]]:
    """Two lessons without content, room for it, and an administrator who is signed in."""
    database = Database(settings)
    with database.begin() as session:
        lessons = {
            kind: int(session.scalar(text(LESSON), {"title": f"Large {kind}", "kind": kind}) or 0)
            for kind in ("scorm", "video")
        }
        session.execute(text(ROOM))
        number = session.scalar(text("SELECT id FROM users WHERE email = 'admin@demo.aada.example'"))
        secret = sign_in(session, settings, int(number or 0))
    database.close()
    return secret, lessons


@contextmanager
def weighed(program: int) -> Iterator[Weighed]:
    """Weigh the program and its children ten times a second, the database's own memory left out."""
    done = threading.Event()
    found = Weighed(_weight(program))

    def weigh() -> None:
        while not done.wait(0.1):
            found.samples.append(_weight(program))

    thread = threading.Thread(target=weigh)
    thread.start()
    began = time.perf_counter()
    try:
        yield found
    finally:
        found.seconds = time.perf_counter() - began
        done.set()
        thread.join()


def _weight(program: int) -> float:
    ours = []
    for process in family(program):
        try:
            name = Path(f"/proc/{process}/comm").read_text()
        except FileNotFoundError:
            continue
        if "postgres" not in name:
            ours.append(process)
    return proportional_mib(ours, "Pss_Anon")


def upload(school: School, lesson: int, path: Path, name: str) -> None:
    """Send a file as the form of the upload page does. Ends the run unless it is taken."""
    mark = "------------------------large"
    head = (
        f'--{mark}\r\nContent-Disposition: form-data; name="package"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    tail = f"\r\n--{mark}--\r\n".encode()

    def body() -> Iterator[bytes]:
        yield head
        with path.open("rb") as file:
            while piece := file.read(MIB):
                yield piece
        yield tail

    connection = http.client.HTTPConnection("localhost", school.port, timeout=1_800)
    connection.request(
        "POST",
        f"/lessons/{lesson}/content",
        body=body(),
        headers={
            "Cookie": f"aada_session={school.cookie}",
            "Content-Type": f"multipart/form-data; boundary={mark}",
            "Content-Length": str(len(head) + path.stat().st_size + len(tail)),
        },
    )
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != 303:
        raise SystemExit(f"The upload was answered with {answer.status}: {said[-2000:].decode()}")


def report_import(what: str, size: int, found: Weighed) -> None:
    growth = max(found.samples) - found.before
    print(
        f"{what}: {size / MIB:,.0f} MiB in {found.seconds:.1f} s ({size / MIB / found.seconds:.0f} MiB/s); the program "
        f"weighed {found.before:.1f} MiB before, {statistics.median(found.samples):.1f} in the middle, at most "
        f"{max(found.samples):.1f}, at last {found.samples[-1]:.1f}: it grew by {growth:.1f} MiB"
        f" ({'within' if growth <= MOST_GROWTH_MIB else 'MORE THAN'} {MOST_GROWTH_MIB})"
    )


def film_address(school: School) -> str:
    """Open the film as a preview; the path of its file on the content host."""
    connection = http.client.HTTPConnection("localhost", school.port, timeout=60)
    connection.request(
        "POST",
        f"/api/v1/lessons/{school.lessons['video']}/launches",
        body=b'{"preview": true}',
        headers={"Cookie": f"aada_session={school.cookie}", "Content-Type": "application/json"},
    )
    answer = connection.getresponse().read().decode()
    found = re.search(r"/p/([A-Za-z0-9_-]{20,})", answer)
    if found is None:
        raise SystemExit(f"The film did not open: {answer[:500]}")
    return f"/p/{found[1]}/files/film.mp4"


def by_http(connection: http.client.HTTPConnection, path: str, start: int) -> float:
    """Seconds in which one range came whole."""
    began = time.perf_counter()
    connection.request("GET", path, headers={"Range": f"bytes={start}-{start + RANGE - 1}"})
    answer = connection.getresponse()
    count = 0
    while piece := answer.read(CHUNK):
        count += len(piece)
    seconds = time.perf_counter() - began
    if answer.status != 206 or count != RANGE:
        raise SystemExit(f"{path} was answered with {answer.status}, {count} bytes")
    return seconds


def by_read(path: Path, start: int) -> float:
    """Seconds in which the same bytes are read."""
    began = time.perf_counter()
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        left = RANGE
        while left:
            left -= len(file.read(min(CHUNK, left)))
    return time.perf_counter() - began


def ranges(school: School, stored: Path, count: int) -> None:
    """Ranges at random places by both ways in turns, cold and warm."""
    path, pick = film_address(school), random.Random(3)
    connection = http.client.HTTPConnection("127.0.0.1", school.port, timeout=120)
    size = stored.stat().st_size

    def forget() -> None:
        with stored.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def nothing() -> None:
        """All of it stays in memory."""

    for what, before in (("from the disk", forget), ("from memory", nothing)):
        if before is nothing:
            for start in range(0, size - RANGE, RANGE):
                by_read(stored, start)
        served_in, read_in = 0.0, 0.0
        for _ in range(count):
            first, second = (pick.randrange(0, size - RANGE) for _ in range(2))
            before()
            served_in += by_http(connection, path, first)
            before()
            read_in += by_read(stored, second)
        mebibytes = count * RANGE / MIB
        print(
            f"{count} ranges of {RANGE // MIB} MiB {what}: {mebibytes / served_in:,.0f} MiB/s over HTTP, "
            f"{mebibytes / read_in:,.0f} MiB/s by read(): ratio {read_in / served_in:.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--package", type=int, default=1_000)
    parser.add_argument("--film", type=int, default=1_500)
    parser.add_argument("--ranges", type=int, default=60)
    options = parser.parse_args()
    os.environ["MAX_UPLOAD_BYTES"] = str(16 * 1024 * MIB)
    with tempfile.TemporaryDirectory(prefix="aada-benchmark-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # open to the server's own user
        # The program and its children keep what arrives here, and not in memory.
        sent = folder / "sent"
        sent.mkdir()
        with served(folder / "data", 1) as (program, port, settings):
            cookie, lessons = fill(settings)
            school = School(port, program, cookie, lessons)
            _warm(school, sent)
            makers: dict[str, tuple[str, Callable[[Path, int], None], int]] = {
                "scorm": ("large.zip", package, options.package),
                "video": ("film.mp4", film, options.film),
            }
            for kind, (file_name, make, mebibytes) in makers.items():
                make(sent / file_name, mebibytes)
                with weighed(program) as found:
                    upload(school, lessons[kind], sent / file_name, file_name)
                report_import(file_name, (sent / file_name).stat().st_size, found)
            stored = max((settings.data_dir / "files").glob("*/*"), key=lambda one: one.stat().st_mtime)
            ranges(school, stored, options.ranges)


def _warm(school: School, sent: Path) -> None:
    """Import something small first: what a first import loads stays, and is no growth."""
    package(sent / "small.zip", 2)
    upload(school, school.lessons["scorm"], sent / "small.zip", "small.zip")


if __name__ == "__main__":
    main()
