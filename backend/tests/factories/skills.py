"""Skills for tests: a list made by the service, and attempts by an evaluator."""

import base64
from collections.abc import Sequence
from datetime import date
from io import BytesIO
from uuid import UUID, uuid4

from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from app.compliance.grades.skills.lists import service as lists
from app.compliance.grades.skills.schemas import Attempt, SkillFields
from app.core.permissions import SYSTEM
from app.db.models import Skill, SkillVersion

BITEWING = """
! Puts on gloves, mask and eyewear
Places the receptor [Wrong 0, With help 1, Alone 2]
! Steps behind the barrier before the exposure
Records the exposure in the chart
"""
"""Five points; two of the criteria are critical."""
PASSED, FAILED, MISSED = (1, 2, 1, 1), (1, 0, 1, 0), (0, 2, 1, 1)


def skill(
    session: Session, program_id: int, name: str = "Expose a bitewing radiograph", **fields: object
) -> Skill:
    """A skill in the list of a program; needs 80 percent, and one pass."""
    values = {"section": "Radiography", "name": name, "criteria": BITEWING} | fields
    return lists.add_skill(session, SYSTEM, program_id, SkillFields.model_validate(values))


def version_of(session: Session, row: Skill) -> SkillVersion:
    """The current version."""
    return session.query(SkillVersion).filter_by(skill_id=row.id, version=row.version).one()


def attempt(
    version: SkillVersion, marks: Sequence[int | None] = PASSED, *, seen: int = 0, request: UUID | None = None,
    performed_on: date = date(2026, 5, 4), **evidence: object,
) -> Attempt:  # fmt: skip
    """What an evaluator saves, confirmed by name unless a signature is given."""
    fields = {"confirmed": "signature" not in evidence} | evidence
    return Attempt(request or uuid4(), version.id, seen, performed_on, marks, **fields)  # type: ignore[arg-type]


def picture(kind: str = "JPEG") -> bytes:
    """A small photo."""
    file = BytesIO()
    Image.new("RGB", (64, 48), "teal").save(file, kind)
    return file.getvalue()


def drawn(*, empty: bool = False) -> str:
    """A signature as the canvas encodes it."""
    image, file = Image.new("RGB", (960, 352), "white"), BytesIO()
    if not empty:
        ImageDraw.Draw(image).line([(40, 300), (400, 60), (800, 280)], fill="black", width=5)
    image.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
