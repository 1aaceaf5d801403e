"""What became of the graduates of the demo school: most are employed, some are not available, a few are looking."""

from __future__ import annotations

from datetime import timedelta

from app.demo.desk import Desk, Enrolled

_EMPLOYERS = (
    ("Peachtree Dental", "Dental assistant"),
    ("Midtown Smiles", "Dental assistant"),
    ("Decatur Family Clinic", "Medical assistant"),
    ("Northside Internal Medicine", "Medical office assistant"),
)


def write_outcomes(desk: Desk, enrolled: list[Enrolled]) -> None:
    """Nothing depends on chance; the last graduates of all have nothing on record and count as pending."""
    graduates = [
        item
        for item in enrolled
        if item.status == "completed"
        and item.completed_at is not None
        and item.completed_at.date() + timedelta(days=45) <= desk.today
    ]
    rows: list[tuple[object, ...]] = []
    keys = iter(desk.copier.keys("employment_outcomes", 2 * len(graduates)))
    for place, item in enumerate(graduates):
        assert item.completed_at is not None  # noqa: S101 - chosen above
        ended = item.completed_at.date()
        begun = ended + timedelta(days=20)
        before = next(keys)
        first = (before, item.id, "seeking", None, None, None, None, "Exit interview", desk.staff_ids[0],
                 desk.office(ended + timedelta(days=7), 0.5), None)  # fmt: skip
        rows.append(first)
        if place % 10 == 9:
            continue
        employer, title = _EMPLOYERS[place % len(_EMPLOYERS)]
        known: tuple[object, ...] = (
            "in_field",
            employer,
            title,
            begun,
            None,
            "Signed letter of the employer",
        )
        if place % 10 == 7:
            known = (
                "unavailable",
                None,
                None,
                begun,
                "continuing_education",
                "Enrollment letter of the college",
            )
        elif place % 10 == 8:
            known = ("out_of_field", "Ponce City Coffee", "Shift lead", begun, None, "The graduate’s email")
        rows.append(
            (
                next(keys),
                item.id,
                *known,
                desk.staff_ids[0],
                desk.office(begun + timedelta(days=14), 0.5),
                before,
            )
        )
    desk.copier.copy(
        "employment_outcomes",
        ("id", "enrollment_id", "status", "employer", "title", "since", "reason", "evidence", "recorded_by",
         "recorded_at", "supersedes_id"),
        rows,
    )  # fmt: skip
