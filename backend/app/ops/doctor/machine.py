"""The machine: its clock, its disk, its time zones, the place for files."""

from __future__ import annotations

import ctypes
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from zoneinfo import TZPATH, ZoneInfo

import psycopg

from app.core import clock
from app.core.files import open_store
from app.ops.doctor.findings import Finding, Installation, ok, problem, warning
from app.settings import Settings

_NOTICEABLE, _TOO_FAR = timedelta(seconds=5), timedelta(seconds=60)
"""Codes of authenticator apps and signatures on documents bear a few seconds; a minute makes codes fail."""
_GIBIBYTE = 1024**3
_TIME_ERROR = 5
"""`adjtimex`: no time service keeps the clock."""
_KEEP = "Let a time service keep the clock (systemd-timesyncd, chrony), then restart the system."


def time(known: Installation) -> Iterator[Finding]:
    """Do hours, signatures and codes get the right time?"""
    asked: list[str] = []
    if known.database is not None and not known.embedded:
        begun = clock.now()
        (theirs,) = known.database.execute("SELECT clock_timestamp()").fetchone() or (None,)
        if isinstance(theirs, datetime):
            asked.append("PostgreSQL")
            yield from _compared("PostgreSQL’s", begun + (clock.now() - begun) / 2, theirs)
    address = _elsewhere(known.settings)
    if known.network and address is not None:
        begun = clock.now()
        date = _date_of(address)
        if date is None:
            yield warning(
                "Clock", f"{address} did not say what time it is there.", "See whether files can be stored."
            )
        else:
            asked.append("the bucket")
            # The header has no fractions of a second.
            middle = begun + (clock.now() - begun) / 2 - timedelta(milliseconds=500)
            yield from _compared(f"that of {address}", middle, date)
    kept = _is_kept()
    if kept:
        yield ok("Clock", "A time service keeps it.")
    elif kept is False:
        yield warning("Clock", "The kernel says that no time service keeps it.", _KEEP)
    elif not asked:
        yield warning(
            "Clock",
            "Whether it is right cannot be checked: the database is on this machine, no bucket is asked, and the "
            "kernel does not say whether a time service keeps it.",
            "Compare it with another clock (date -u), and see that a time service runs.",
        )


def disk(known: Installation) -> Iterator[Finding]:
    """Is there room for what is to come?"""
    places = {"DATA_DIR": known.settings.data_dir}
    if known.settings.access_log_file is not None:
        places["ACCESS_LOG_FILE"] = known.settings.access_log_file.parent
    devices = set()
    for name, place in places.items():
        there = next((one for one in (place, *place.parents) if one.exists()), Path("/"))
        try:
            device, usage = there.stat().st_dev, shutil.disk_usage(there)
        except OSError as error:
            yield problem(
                "Disk", f"{name} ({place}) cannot be looked at: {error.strerror}.", "Correct the path."
            )
            continue
        if device in devices:
            continue
        devices.add(device)
        free, share = usage.free / _GIBIBYTE, usage.free / usage.total if usage.total else 0
        says = f"{free:,.1f} GiB are free where {name} is ({there}), {share:.0%} of the disk."
        if free < 1:
            yield problem("Disk", says, "Free up space now: a full disk stops the database and every upload.")
        elif free < 5 or share < 0.05:
            yield warning("Disk", says, f"Free up space: du -xh {there} | sort -h | tail")
        else:
            yield ok("Disk", says)


def zone_data(known: Installation) -> Iterator[Finding]:
    """Do the system and PostgreSQL know the school's hours alike, this year and next?"""
    zone = known.settings.zone
    if not any((Path(folder) / zone.key).is_file() for folder in TZPATH):
        yield warning(
            "Time zone",
            f"This machine has no time zone data for {zone.key}; the copy that came with the system is used.",
            "Install it (Debian: apt install tzdata), so that changes of the law arrive with the machine's updates.",
        )
    if known.database is None:
        return
    year = clock.now().year
    moments = [datetime(year + more, month, 15, 12, tzinfo=UTC) for more in (0, 1) for month in range(1, 13)]
    try:
        rows = known.database.execute(
            "SELECT moment, extract(epoch FROM (moment AT TIME ZONE %s) - (moment AT TIME ZONE 'UTC'))::int"
            " FROM unnest(%s::timestamptz[]) AS moment",
            (zone.key, moments),
        ).fetchall()
    except psycopg.Error:
        known.database.rollback()
        yield problem(
            "Time zone",
            f"PostgreSQL does not know the time zone {zone.key}.",
            "Install the time zone data on the database's machine (Debian: apt install tzdata) and restart it.",
        )
        return
    differing = [moment for moment, offset in rows if _offset(zone, moment) != offset]
    if differing:
        yield problem(
            "Time zone",
            f"PostgreSQL and the system differ about {zone.key}, first in {differing[0]:%B %Y}: days and hours would "
            "be counted differently.",
            "Update the time zone data (tzdata) on both machines, then restart both.",
        )
    else:
        yield ok("Time zone", f"{zone.key} is known, and PostgreSQL agrees about its hours until {year + 1}.")


def files(known: Installation) -> Iterator[Finding]:
    """Can documents and uploads be kept?"""
    where = known.settings.s3_bucket or known.settings.data_dir / "files"
    try:
        store = open_store(known.settings)
        stored = store.put(os.urandom(32))
        try:
            store.read_bytes(stored.sha256)
        finally:
            store.delete(stored.sha256)
    except Exception as error:
        yield problem(
            "Files",
            f"Nothing can be stored in {where} ({_reason(error)}): uploads and documents will fail.",
            "Let the user who runs the system write there, or correct DATA_DIR or the S3_ settings.",
        )
        return
    yield ok("Files", f"A file was written to {where}, read and deleted.")


def _compared(whose: str, mine: datetime, theirs: datetime) -> Iterator[Finding]:
    difference = abs(mine - theirs)
    if difference <= _NOTICEABLE:
        yield ok("Clock", f"It agrees with {whose} clock.")
        return
    behind = "behind" if mine < theirs else "ahead of"
    seconds = round(difference.total_seconds())
    far = f"{round(seconds / 60)} minutes" if seconds >= 120 else f"{seconds} seconds"
    says = f"This machine’s clock is {far} {behind} {whose}."
    if difference > _TOO_FAR:
        yield problem("Clock", f"{says} Hours are recorded wrongly, and codes of apps fail.", _KEEP)
    else:
        yield warning("Clock", says, _KEEP)


def _elsewhere(settings: Settings) -> str | None:
    """Another machine of the school's whose answers have a date."""
    if settings.s3_bucket is None:
        return None
    return settings.s3_endpoint_url or f"https://s3.{settings.s3_region or 'us-east-1'}.amazonaws.com"


def _date_of(address: str) -> datetime | None:
    try:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - the operator's own address
                said = answer.headers["Date"]
        except urllib.error.HTTPError as refusal:  # a bucket refuses strangers, and says when
            with refusal:
                said = refusal.headers["Date"]
        return parsedate_to_datetime(said).astimezone(UTC) if said else None
    except (OSError, ValueError, TypeError):
        return None


def _is_kept() -> bool | None:
    """Whether the kernel's clock is kept by a time service; None where it does not say."""
    try:
        # The first field says what to change: nothing. The rest is larger than the kernel's struct anywhere.
        answer = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(1024))
    except (AttributeError, OSError):
        return None
    return None if answer < 0 else answer != _TIME_ERROR


def _offset(zone: ZoneInfo, moment: Any) -> int:
    offset = moment.astimezone(zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or " ".join(str(error).split())[:200] or type(error).__name__
