"""Figures of the ledger against a second way to compute them."""

import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.core.permissions import Duty, Subject
from app.finance.ledger import service as ledger
from app.finance.ledger.figures import beancount, queries, service
from app.finance.ledger.schemas import ReversalForm
from app.web.paging import Paging
from tests.factories.school import School
from tests.finance.conftest import NOW
from tests.finance.test_ledger import charge, payment

Browser = Callable[[Subject], TestClient]
TODAY = NOW.date()


def lived(
    session: Session, bursar: Subject, student: int, random: Random, acts: int
) -> list[tuple[date, int]]:
    """Random charges and payments of the last 150 days, some reversed; those that hold, by their days."""
    held = []
    for _ in range(acts):
        day, cents = TODAY - timedelta(days=random.randrange(150)), random.randrange(1, 500_000)
        if random.random() < 0.6:
            kind = random.choice(["tuition", "fees", "books", "kit", "third_party"])
            made = ledger.post_for_student(session, bursar, student, charge(cents, kind, booked_on=day))
            signed = cents
        else:
            made = ledger.post_for_student(session, bursar, student, payment(cents, "card", booked_on=day))
            signed = -cents
        if random.random() < 0.2:
            ledger.reverse(session, bursar, made.id, ReversalForm(request=uuid4(), memo="A mistake"))
        else:
            held.append((day, signed))
    return held


def aged(held: list[tuple[date, int]]) -> list[int]:
    """First in, first out, one cent of payment after the other: what is unpaid by age."""
    charges = [[day, cents] for day, cents in sorted(held) if cents > 0]
    credit = -sum(cents for _day, cents in held if cents < 0)
    buckets = [0, 0, 0, 0]
    for day, cents in charges:
        taken = min(credit, cents)  # type: ignore[call-overload]
        credit -= taken
        age = (TODAY - day).days  # type: ignore[operator]
        buckets[min(max(0, age - 1) // 30, 3)] += cents - taken  # 1 to 30 days, 31 to 60, 61 to 90, more
    return buckets


@pytest.mark.parametrize("seed", range(4))
def test_receivables_by_age_are_what_first_in_first_out_leaves(
    session: Session, school: School, bursar: Subject, seed: int
) -> None:
    random, expected = Random(seed), {}
    for _ in range(5):
        student = school.student().id
        held = lived(session, bursar, student, random, 12)
        if sum(cents for _day, cents in held) > 0:
            expected[student] = aged(held)
    found = {
        row.id: [row.days_30, row.days_60, row.days_90, row.older]
        for row in service.ageing(session, bursar, Paging(per_page=200)).page().items
    }
    assert found == expected
    totals = service.ageing_totals(session, bursar)
    assert [totals.days_30, totals.days_60, totals.days_90, totals.older] == [
        sum(row[place] for row in expected.values()) for place in range(4)
    ]
    assert totals.total == sum(map(sum, expected.values()))


def test_the_journal_passes_bean_check_and_a_cent_less_does_not(
    session: Session, school: School, bursar: Subject, browser: Browser, tmp_path: Path
) -> None:
    random = Random(5)
    for _ in range(3):
        student = school.student(full_name='Ana "Nina" O’Hara \\ Núñez')
        lived(session, bursar, student.id, random, 10)
    ledger.post_for_student(
        session, bursar, student.id, charge(100, memo='Kit "A" \\ back\\slash; and * more')
    )
    lines = list(queries.every_line(session, None, None))
    totals = queries.account_totals(session, None, None)
    text = "".join(beancount.written("Peachtree Dental Academy", lines, totals))
    last = next(line for line in reversed(text.splitlines()) if " balance " in line)
    assert sum(int(row.cents) for row in totals) == 0
    wrong = text.replace(last, " ".join([*last.split()[:3], "123456.78 USD"]))
    off = text.replace("  1.00 USD", "  1.01 USD", 1)
    assert off != text

    def check(name: str, content: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / name).write_text(content)
        command = [str(Path(sys.executable).parent / "bean-check"), "--no-cache", str(tmp_path / name)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert check("right.beancount", text).returncode == 0
    assert "does not balance: (0.01 USD)" in check("off.beancount", off).stderr
    assert check("balance.beancount", wrong).returncode == 1
    page = browser(bursar)
    fetched = page.get("/ledger/reports/journal.beancount")
    assert fetched.status_code == 200
    assert fetched.text.splitlines()[2:] == text.splitlines()[2:]
    csv = page.get("/ledger/reports/journal-lines?format=csv").text.splitlines()
    assert csv[0].startswith("\ufeffJournal No,Journal Date,Account Name,Debits (dollars),Credits (dollars),")
    assert len(csv) == len(lines) + 1
    for address in (
        "/ageing",
        "/receipts",
        "/receipts?group=method",
        "/receipts?group=month",
        "/tuition-and-fees",
    ):
        assert page.get(f"/ledger/reports{address}").status_code == 200, address
    student_page = browser(Subject(student.id, student.email, student.full_name, student.role))
    assert student_page.get("/ledger/reports/ageing").status_code == 403
    assert Duty.BURSAR in bursar.held
