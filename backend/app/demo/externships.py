"""Externships of the demo school: sites with agreements, placements with a log, weeks that supervisors confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.files import StoredFile, claims, open_store
from app.core.files.claims import Retention
from app.core.tokens import hash_token
from app.demo import calendar, people
from app.demo.catalog import EXTERNSHIP_HOURS, EXTERNSHIP_SITES
from app.demo.desk import Desk, Enrolled
from app.demo.files import PAPER
from app.rules.hours import week_of
from app.settings import Settings

SKILLS = [
    "Infection control between patients",
    "Four-handed assisting",
    "Charting",
    "Exposing radiographs",
    "Talking with patients",
]
DID = (
    "Chairside assisting, two crowns and a filling",
    "Turned over rooms and ran the autoclave",
    "Charted and took notes for hygiene visits",
    "Front desk, insurance forms and recalls",
    "Impressions and temporary crowns",
    "Bitewings with the dentist, sterilization",
)
DISPUTES = ("The office closed at 3 on that day.", "There was an hour of lunch.")
NO_AGREEMENT = ("Lakeview Dental Studio", "5 Sample Lake Drive, Atlanta, GA 30318")
EXPIRED = ("Northside Endodontics", "61 Example Parkway, Atlanta, GA 30328")
WEEKS = 16
FRIDAY_MINUTES, HALF_DAY_MINUTES = 8 * 60, 4 * 60


@dataclass(slots=True)
class _Site:
    id: int
    supervisor_id: int
    name: str
    address: str
    supervisor: str
    email: str
    held: list[tuple[date, date]] = field(default_factory=list)


@dataclass(slots=True)
class _Day:
    day: date
    starts: datetime
    ends: datetime
    pause: int
    did: str
    state: str = "logged"
    dispute: str | None = None
    link: int | None = None

    @property
    def minutes(self) -> int:
        return (self.ends - self.starts) // timedelta(minutes=1) - self.pause


@dataclass(slots=True)
class _Placement:
    id: int
    item: Enrolled
    site: _Site
    first: date
    last: date
    days: list[_Day]

    @property
    def confirmed(self) -> int:
        return sum(one.minutes for one in self.days if one.state == "confirmed")


def write_externships(session: Session, desk: Desk, enrolled: list[Enrolled], settings: Settings) -> None:
    """Placements of those who are far enough; hours count when the school has verified them."""
    random = Random(desk.random.getrandbits(64))
    stored = open_store(settings).put(PAPER)
    sites = _sites(session, desk, random, stored)
    rubrics = _rubrics(desk)
    chosen = [item for item in enrolled if _first_day(desk, item) is not None]
    placements = []
    for key, item in zip(desk.copier.keys("externships", len(chosen)), chosen, strict=True):
        first = _first_day(desk, item) or desk.today
        last = first + timedelta(weeks=WEEKS)
        site = min(sites, key=lambda one: (sum(a <= last and b >= first for a, b in one.held), one.id))
        site.held.append((first, last))
        placements.append(
            _Placement(key, item, site, first, last, list(_days(desk, random, item, first, last)))
        )
    desk.copier.copy(
        "externships",
        ("id", "user_id", "site_name", "site_address", "supervisor_name", "supervisor_email", "created_at"),
        [
            (one.id, one.item.student.user_id, one.site.name, one.site.address, one.site.supervisor, one.site.email,
             desk.past(desk.office(one.first - timedelta(days=7), 0.5)) or desk.moment)
            for one in placements
        ],
    )  # fmt: skip
    desk.copier.copy(
        "externship_placements",
        ("externship_id", "enrollment_id", "site_id", "supervisor_id", "starts_on", "ends_on", "hours_required",
         "placed_by"),
        [
            (one.id, one.item.id, one.site.id, one.site.supervisor_id, one.first, one.last, EXTERNSHIP_HOURS,
             desk.staff_ids[1])
            for one in placements
        ],
    )  # fmt: skip
    _confirm(desk, random, placements, rubrics)
    _verify(session, desk, random, placements, stored)


def _sites(session: Session, desk: Desk, random: Random, stored: StoredFile) -> list[_Site]:
    rows = [(*one[:2], one[2]) for one in EXTERNSHIP_SITES] + [
        (*EXPIRED, "Dr. Peter Lund"),
        (*NO_AGREEMENT, ""),
    ]
    keys = desk.copier.keys("externship_sites", len(rows))
    desk.copier.copy(
        "externship_sites",
        ("id", "name", "address", "contact_name", "contact_phone", "capacity", "created_at"),
        [
            (key, name, address, "Office manager", f"(404) 555-0{random.randint(100, 199)}", 12, desk.founded)
            for key, (name, address, _who) in zip(keys, rows, strict=True)
        ],
    )
    begun, today = desk.founded.date(), desk.today
    agreements: list[tuple[object, ...]] = []
    for place, key in enumerate(keys[:-1]):
        middle = begun + timedelta(days=500)
        ends = (
            today - timedelta(days=40) if place == len(keys) - 2 else today + timedelta(days=25 + 70 * place)
        )
        for first, last in ((begun, middle), (middle + timedelta(days=1), ends)):
            agreements.append(
                (
                    key,
                    first,
                    last,
                    stored.sha256,
                    "application/pdf",
                    stored.size,
                    desk.staff_ids[1],
                    desk.founded,
                )
            )
    numbers = desk.copier.keys("externship_agreements", len(agreements))
    desk.copier.copy(
        "externship_agreements",
        (
            "id",
            "site_id",
            "signed_on",
            "expires_on",
            "sha256",
            "media_type",
            "size_bytes",
            "uploaded_by",
            "created_at",
        ),
        [(number, *row) for number, row in zip(numbers, agreements, strict=True)],
    )
    for number in numbers:
        claims.claim(
            session, stored, room="compliance.externship_agreements", row=number, retention=Retention.PERMANENT,
            media_type="application/pdf",
        )  # fmt: skip
    people_keys = desk.copier.keys("externship_supervisors", len(keys) - 1)
    found = [
        _Site(key, person, name, address, who, f"office@{name.lower().replace(' ', '-')}.example")
        for key, person, (name, address, who) in zip(keys[:-1], people_keys, rows[:-1], strict=True)
    ]
    desk.copier.copy(
        "externship_supervisors",
        ("id", "site_id", "name", "title", "email", "created_at"),
        [(one.supervisor_id, one.id, one.supervisor, "DDS", one.email, desk.founded) for one in found],
    )
    return found[:-1]


def _rubrics(desk: Desk) -> dict[int, int]:
    """The rubric of each program, by its number."""
    programs = sorted(set(desk.program_ids.values()))
    keys = desk.copier.keys("externship_rubrics", len(programs))
    desk.copier.copy(
        "externship_rubrics",
        ("id", "program_id", "effective_from", "skills", "created_by", "created_at"),
        [
            (key, number, desk.founded.date(), Jsonb(SKILLS), desk.staff_ids[0], desk.founded)
            for key, number in zip(keys, programs, strict=True)
        ],
    )
    return dict(zip(programs, keys, strict=True))


def _first_day(desk: Desk, item: Enrolled) -> date | None:
    """The first day of the placement, after two thirds of the hours; a month ago for the student one signs in as."""
    story = item.story
    if not story.program.has_externship or story.left or not story.entries:
        return None
    share = story.minutes / 60 / story.program.clock_hours
    if share >= 0.65:
        entry = story.entries[int(len(story.entries) * 0.65 / share) - 1]
        return entry.clock_in.astimezone(desk.zone).date()
    first = desk.today - timedelta(days=28)
    mine = item.student.person is people.STUDENT and item.status == "active"
    return first if mine and first >= story.enrolled_at else None


def _days(desk: Desk, random: Random, item: Enrolled, first: date, last: date) -> Iterator[_Day]:
    """Fridays, and the half of Tuesdays and Thursdays without class, until the hours are done."""
    ended = item.story.finished
    until = min(last, desk.today, ended.astimezone(desk.zone).date() if ended else desk.today)
    morning = item.story.entries[0].clock_in.astimezone(desk.zone).hour < 12
    busy = [(one.clock_in, one.clock_out or desk.moment) for one in item.story.entries]
    left = EXTERNSHIP_HOURS * 60
    day = first
    while day <= until and left:
        length = {calendar.FRIDAY: FRIDAY_MINUTES, 1: HALF_DAY_MINUTES, 3: HALF_DAY_MINUTES}.get(
            day.weekday()
        )
        if length and calendar.is_school_day(day) and random.random() < 0.96:
            length = min(length, left)
            pause = 30 if length > HALF_DAY_MINUTES else 0
            begins = time(9) if length > HALF_DAY_MINUTES or not morning else time(14, 30)
            starts = desk.writer.at(day, begins)
            ends = starts + timedelta(minutes=length + pause)
            if ends <= desk.moment and not any(a < ends and starts < b for a, b in busy):
                left -= length
                yield _Day(day, starts, ends, pause, random.choice(DID))
        day += timedelta(days=1)


def _confirm(desk: Desk, random: Random, placements: list[_Placement], rubrics: dict[int, int]) -> None:
    """A link each Monday; most weeks are confirmed on the next day, here and there a day is disputed."""
    links: list[tuple[object, ...]] = []
    hours: list[tuple[object, ...]] = []
    evaluations: list[tuple[object, ...]] = []
    this_week = week_of(desk.today)
    for one in placements:
        done = bool(one.item.story.finished)
        weeks = sorted({week_of(day.day) for day in one.days})
        last_link = None
        for number, week in zip(desk.copier.keys("externship_links", len(weeks)), weeks, strict=True):
            days = [day for day in one.days if week_of(day.day) == week]
            sent = desk.writer.at(week + timedelta(days=8), time(8, 23))
            answered = sent + timedelta(hours=random.uniform(2, 30))
            waits = answered > desk.moment or (
                not done and week >= this_week - timedelta(days=7) and random.random() < 0.3
            )
            if sent > desk.moment:
                continue
            if not waits:
                wrong = random.choice(days) if not done and random.random() < 0.05 else None
                for day in days:
                    day.state, day.link = ("disputed" if day is wrong else "confirmed"), number
                    day.dispute = random.choice(DISPUTES) if day is wrong else None
                last_link = number, answered
            links.append(
                (number, one.id, week, one.site.supervisor_id, one.site.email, hash_token(f"demo {number}"), sent,
                 sent + timedelta(days=14), None if waits else answered, None if waits else "192.0.2.17",
                 None if waits else Jsonb([_said(day) for day in days]))
            )  # fmt: skip
        if last_link is not None and one.confirmed >= EXTERNSHIP_HOURS * 60:
            rubric = rubrics[one.item.program_id]
            ratings = [random.choice((3, 3, 4, 4, 2)) for _ in SKILLS]
            evaluations.append(
                (one.id, rubric, last_link[0], last_link[1].astimezone(desk.zone).date(), Jsonb(ratings),
                 "Reliable, and good with patients.", one.site.supervisor, last_link[1])
            )  # fmt: skip
        hours += [
            (one.id, one.item.student.user_id, day.day, day.starts, day.ends, day.pause, day.did, day.state,
             day.dispute, day.link, UUID(int=random.getrandbits(128)), day.ends, day.ends)
            for day in one.days
        ]  # fmt: skip
    desk.copier.copy(
        "externship_links",
        ("id", "externship_id", "week", "supervisor_id", "email", "token_hash", "created_at", "expires_at", "used_at",
         "used_ip", "outcome"),
        links,
    )  # fmt: skip
    desk.copier.copy(
        "externship_hours",
        ("externship_id", "user_id", "day", "starts_at", "ends_at", "break_minutes", "did", "state", "dispute",
         "link_id", "request", "created_at", "changed_at"),
        hours,
    )  # fmt: skip
    desk.copier.copy(
        "externship_evaluations",
        ("externship_id", "rubric_id", "link_id", "evaluated_on", "ratings", "comment", "supervisor_name",
         "created_at"),
        evaluations,
    )  # fmt: skip


def _said(day: _Day) -> dict[str, object]:
    return {
        "day": day.day.isoformat(),
        "starts_at": day.starts.isoformat(),
        "ends_at": day.ends.isoformat(),
        "break_minutes": day.pause,
        "minutes": day.minutes,
        "did": day.did,
        "state": day.state,
        "dispute": day.dispute,
    }


def _verify(
    session: Session, desk: Desk, random: Random, placements: list[_Placement], stored: StoredFile
) -> None:
    """Those with all their hours, two days after the last confirmation; some still wait on the registrar's desk."""
    for one in placements:
        if not one.days or any(day.state != "confirmed" for day in one.days):
            continue
        if one.confirmed < EXTERNSHIP_HOURS * 60 and not one.item.completed_at:
            continue
        verified = desk.past(desk.office(one.days[-1].day + timedelta(days=11), 0.6))
        if verified is None or (not one.item.completed_at and random.random() < 0.4):
            continue
        session.execute(
            text(
                "UPDATE externship_placements SET document_sha256 = :sha256, document_type = 'application/pdf',"
                " document_size = :size, verified_by = :by WHERE externship_id = :number"
            ),
            {"sha256": stored.sha256, "size": stored.size, "by": desk.staff_ids[1], "number": one.id},
        )
        session.execute(
            text(
                "UPDATE externships SET verified = true, verified_at = :at, verification_doc_url = :place"
                " WHERE id = :number"
            ),
            {"at": verified, "place": f"/externships/{one.id}/document", "number": one.id},
        )
        claims.claim(
            session,
            stored,
            room="compliance.externships",
            row=one.id,
            retention=Retention.PERMANENT,
            media_type="application/pdf",
        )
