"""Before a restore: which backup, which part of the log, what it needs, and what it will not bring back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from app.core import clock
from app.ops.backup import wal
from app.ops.backup.place import SEGMENT_BYTES, Backup, BackupPlace, place_of
from app.ops.backup.wal import WalFile
from app.ops.errors import OperatorError
from app.rules import backups as rules
from app.rules.backups import Branch, BranchKey
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Plan:
    """How to restore an instant: `target` is None for the latest there is, which is `reaches`."""

    target: datetime | None
    reaches: datetime
    chain: tuple[Backup, ...]
    """The full backup first."""
    log: tuple[WalFile, ...]
    needed_bytes: int
    """How much room the folder needs while it is filled."""
    newest_timeline: int
    """The highest timeline that is taken: the restored database begins one after it."""

    @property
    def backup(self) -> Backup:
        return self.chain[-1]

    @property
    def branch(self) -> str:
        return name_of(self.backup.member.branch)


def make(
    place: BackupPlace,
    target: datetime | None,
    settings: Settings,
    *,
    branch: str | None = None,
    without: Collection[str] = (),
) -> Plan:
    """The plan; nothing is changed. Raises OperatorError where the instant cannot be restored, and says which can.

    `branch` names one of several databases that lie here (`name_of`). Backups `without` are taken for damaged.
    """
    if target is not None and target > clock.now():
        raise OperatorError(
            f"{_local(target, settings)} is in the future: name an instant that has passed, or `--to latest`."
        )
    known = [replace(one, fault="damaged") if one.id in without else one for one in place.backups()]
    if not known:
        raise OperatorError(
            f"There is no backup in {place.folder}: name the folder that has them, which has “base”, “wal” and “files” "
            "in it, with --from, or in BACKUP_DIR."
        )
    files, horizon = wal.files(place), place.horizon
    segments = [one.segment for one in files]
    members = [one.member for one in known]
    chosen = _branch(members, segments, horizon, target, branch, settings)
    if chosen is not None:
        members = [one for one in members if one.branch == chosen]
    choice = rules.choose(members, segments, target, horizon)
    spans = rules.restorable(members, segments, horizon)
    if choice is None:
        able = (
            f" The first is {_local(spans[0].start, settings)}." if spans else f" {_way_out(place, settings)}"
        )
        if target is None:
            raise OperatorError(
                f"No backup of {name_of(members[0].branch)} is sound. {_way_out(place, settings)} If backups of other "
                "databases lie there, name one with --branch to restore it instead."
            )
        raise OperatorError(
            f"{_local(target, settings)} is before everything that can be restored: no sound backup is as old.{able}"
        )
    by_id = {one.id: one for one in known}
    chain = tuple(by_id[one.id] for one in choice.chain)
    if choice.missing is not None and target is not None:
        before = max((span.end for span in spans if span.end < target), default=chain[-1].ended_at)
        after = min((span.start for span in spans if span.start > target), default=None)
        newest = max(
            (one.segment for one in files if one.segment.branch == chain[-1].member.branch),
            key=lambda one: one.number,
            default=None,
        )
        if after is None and (newest is None or choice.missing >= newest.number):
            raise OperatorError(
                f"{_local(target, settings)} cannot be restored exactly: the log is known to be complete until "
                f"{_local(before, settings)}. Name an instant up to then, or `--to latest` for all there is."
            )
        name = wal.segment_name(chain[-1].timeline, choice.missing)
        raise OperatorError(
            f"{_local(target, settings)} cannot be restored: segment {name} of the write-ahead log is not in the "
            f"backup. The nearest instants are {_local(before, settings)}"
            + (f" and {_local(after, settings)}." if after else "; `--to latest` goes to the gap.")
        )
    numbers = set(choice.segments)
    of_chain = chain[-1].member.branch
    log = tuple(one for one in files if one.segment.branch == of_chain and one.segment.number in numbers)
    reaches = target or max(span.end for span in spans if span.start <= chain[-1].ended_at <= span.end)
    needed = sum(one.restored_bytes for one in chain) + len(log) * SEGMENT_BYTES
    # Combined, they take about as much as the largest of them; the incremental ones are far smaller.
    needed += max(one.restored_bytes for one in chain) if len(chain) > 1 else 0
    taken = max(wal.newest_timeline(place, chain[-1].system_identifier), chain[-1].timeline)
    return Plan(target, reaches, chain, log, needed, taken)


def _way_out(place: BackupPlace, settings: Settings) -> str:
    """What is left to do without a sound backup. What lies elsewhere may be of a school that is lost."""
    if place.folder != place_of(settings).folder:
        return "Look for another copy of the backups."
    return "See `aada backup list`, and make a full backup now: aada backup now --full."


def name_of(branch: BranchKey) -> str:
    """`7571234567890123456-2`: the database cluster, and its timeline."""
    return f"{branch[0]}-{branch[1]}"


def _branch(
    members: Collection[rules.Member],
    segments: Collection[rules.Segment],
    horizon: rules.Horizon | None,
    target: datetime | None,
    wanted: str | None,
    settings: Settings,
) -> BranchKey | None:
    """Which database is meant; None where no instant of any reaches the target. Raises OperatorError where two may be.

    The wrong one would be a school whose last days are missing, and it would look right.
    """
    known = rules.branches(members, horizon)
    if wanted is not None:
        found = next((one.key for one in known if name_of(one.key) == wanted), None)
        if found is None:
            raise OperatorError(
                f"There is no database {wanted} here. Name one of these with --branch: {_listed(known, settings)}."
            )
        return found
    if target is None:
        rivals = rules.rivals(known)
    else:
        able = rules.reaching(members, segments, horizon, target)
        known = [one for one in known if one.key in able]
        rivals = known if len(known) > 1 else []
    if rivals:
        raise OperatorError(
            f"{len(rivals)} databases were backed up to the same folder at the same time, and only you know which is "
            f"the school’s: {_listed(rivals, settings)}. Name it with --branch. Nothing was changed."
        )
    return known[0].key if known else None


def _listed(known: Collection[Branch], settings: Settings) -> str:
    return "; ".join(
        f"{name_of(one.key)} (from {_local(one.begins, settings)} to {_local(one.latest, settings)})"
        for one in known
    )


def _local(at: datetime, settings: Settings) -> str:
    return f"{at.astimezone(settings.zone):%Y-%m-%d %H:%M:%S %Z}"
