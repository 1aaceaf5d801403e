"""Enrollment agreements as JSON: lists, one with its evidence, preparing, voiding. People sign on the pages alone."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from app.core.permissions import Permission, Subject
from app.finance.agreements import service
from app.finance.agreements.proposals import service as proposals
from app.finance.agreements.schemas import AgreementOut, PrepareForm, SignatureOut, VoidForm
from app.finance.agreements.service import Agreement
from app.rules.agreements import STATES
from app.web.field_types import PathId
from app.web.paging import PageParams
from app.web.request import CurrentSubject, DatabaseDep, Db, FilesDep, Requires, SettingsDep, uploading

router = APIRouter(prefix="/api/v1", tags=["agreements"])


class AgreementLine(BaseModel):
    """An agreement in a list."""

    id: int
    number: str
    status: str
    student_id: int
    student: str
    program: str
    enrollment_id: int


class AgreementPage(BaseModel):
    """A page of agreements."""

    items: list[AgreementLine]
    total: int | None


class Prepared(BaseModel):
    """The agreement that was sent."""

    id: int


@router.get("/agreements", dependencies=[Requires(Permission.AGREEMENTS_READ)])
def list_agreements(
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    status: Annotated[str, Query(max_length=20)] = "",
) -> AgreementPage:
    """Agreements of the students whom you see, the newest first. `status` is a state, or `waiting`."""
    page = service.listed(
        db, subject, paging, status=status if status in STATES else None, waiting=status == "waiting"
    ).page()
    return AgreementPage(items=[_line(row) for row in page.items], total=page.total)


@router.get("/agreements/{agreement_id}")
def read_agreement(db: Db, subject: CurrentSubject, agreement_id: PathId) -> AgreementOut:
    """One agreement with its terms and the evidence of each signature."""
    return _out(service.read(db, subject, agreement_id))


@router.get("/enrollments/{enrollment_id}/agreements")
def list_of_enrollment(db: Db, subject: CurrentSubject, enrollment_id: PathId) -> list[AgreementLine]:
    """Every agreement of an enrollment, the newest first."""
    return [_line(row) for row in service.of_enrollment(db, subject, enrollment_id)]


@router.post("/enrollments/{enrollment_id}/agreements", status_code=201)
def prepare_agreement(
    body: PrepareForm,
    subject: Annotated[Subject, Depends(uploading(Permission.AGREEMENTS_PREPARE))],
    database: DatabaseDep,
    files: FilesDep,
    settings: SettingsDep,
    enrollment_id: PathId,
) -> Prepared:
    """Prepare an agreement and send it to the student. The same `request` twice is one agreement."""
    return Prepared(id=proposals.prepare(database, subject, files, settings, enrollment_id, body))


@router.post("/agreements/{agreement_id}/void", status_code=204)
def void_agreement(body: VoidForm, db: Db, subject: CurrentSubject, agreement_id: PathId) -> None:
    """Make an agreement void that is not in force yet."""
    service.void(db, subject, agreement_id, body.reason)


def _line(row: Any) -> AgreementLine:
    one = row.EnrollmentAgreement
    return AgreementLine(
        id=one.id,
        number=row.number,
        status=one.status,
        student_id=one.student_id,
        student=row.student,
        program=row.program,
        enrollment_id=one.enrollment_id,
    )


def _out(found: Agreement) -> AgreementOut:
    row = found.row
    given = {
        name: getattr(row, name)
        for name in AgreementOut.model_fields
        if name not in ("number", "student", "program", "signatures")
    }
    return AgreementOut(
        **given,
        number=found.number,
        student=found.student,
        program=found.program,
        signatures=[
            SignatureOut(
                party=one.party,
                name=one.typed_name,
                **{
                    name: getattr(one, name)
                    for name in SignatureOut.model_fields
                    if name not in ("party", "name")
                },
            )
            for one in found.signatures
        ],
    )
