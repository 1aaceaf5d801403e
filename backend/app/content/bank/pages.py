"""Pages of a program's questions: the list, a question, and the correction of a key."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.academics import service as academics
from app.content.bank import policy, service
from app.content.bank.reports import QUESTIONS
from app.content.bank.schemas import (
    KINDS,
    LABELS,
    CorrectionForm,
    EditForm,
    Foreseen,
    QuestionForm,
    QuestionOut,
    RetirementForm,
)
from app.core.permissions import Permission, Subject
from app.web import reports, uploads
from app.web.field_types import OptionalId, PathId
from app.web.forms import Form, posted
from app.web.navigation import Crumb
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, FilesDep, Requires, uploading

router = APIRouter(include_in_schema=False)
READS = [Requires(Permission.CONTENT_READ)]
CHANGES = [Requires(Permission.CONTENT_CHANGE)]
Uploader = Annotated[Subject, Depends(uploading(Permission.CONTENT_CHANGE))]
uploads.register("/programs/*/questions/new")
uploads.register("/questions/*")


@router.get("/programs/{program_id}/questions", dependencies=READS)
def questions(
    request: Request,
    program_id: PathId,
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    module_id: Annotated[OptionalId, Query()] = None,
    kind: Annotated[str, Query(max_length=20)] = "",
    retired: Annotated[str, Query(max_length=3)] = "",
) -> Response:
    """The bank of a program."""
    listing = service.list_questions(
        db,
        subject,
        paging,
        program_id,
        module_id=module_id,
        kind=kind if kind in LABELS else None,
        retired=retired == "yes",
    )
    modules = service.modules(db, subject, program_id)
    return reports.answer(
        request,
        db,
        subject,
        QUESTIONS,
        listing,
        "bank/questions.html",
        choices={"module_id": [(str(number), name) for number, name in modules]},
        program=academics.read_program(db, subject, program_id),
        labels=LABELS,
        may_edit=policy.may_edit(db, subject, program_id),
        breadcrumbs=_crumbs(db, subject, program_id, "Questions"),
    )


@router.get("/programs/{program_id}/questions/new", dependencies=CHANGES)
def new_question(
    request: Request,
    program_id: PathId,
    db: Db,
    subject: CurrentSubject,
    kind: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """The form of a new question: first its kind, then what that kind needs."""
    form = Form.blank(QuestionForm, **({"kind": kind} if kind in LABELS else {}))
    return _question_form(request, db, subject, program_id, form, kind if kind in LABELS else "")


@router.post("/programs/{program_id}/questions/new")
def create_question(
    request: Request,
    program_id: PathId,
    subject: Uploader,
    files: FilesDep,
    form: Annotated[Form[QuestionForm], Depends(posted(QuestionForm))],
    db: Db,
) -> Response:
    """Write the question."""

    def create(values: QuestionForm) -> Response:
        version = service.create(db, subject, files, program_id, values)
        return redirect(f"/questions/{version.question_id}")

    kind = form.text("kind")
    return form.submit(
        db,
        create,
        again=lambda: _question_form(
            request, db, subject, program_id, form, kind if kind in LABELS else "choice"
        ),
    )


@router.get("/questions/{question_id}", dependencies=READS)
def question(request: Request, question_id: PathId, db: Db, subject: CurrentSubject) -> Response:
    """A question with its versions, to be changed."""
    return _question(request, db, subject, question_id)


@router.post("/questions/{question_id}")
def change_question(
    request: Request,
    question_id: PathId,
    subject: Uploader,
    files: FilesDep,
    form: Annotated[Form[EditForm], Depends(posted(EditForm))],
    db: Db,
) -> Response:
    """Save the question as its next version."""

    def change(values: EditForm) -> Response:
        service.change(db, subject, files, question_id, values)
        return redirect(f"/questions/{question_id}")

    return form.submit(db, change, again=lambda: _question(request, db, subject, question_id, form=form))


@router.get("/questions/{question_id}/picture", dependencies=READS)
def question_picture(question_id: PathId, db: Db, subject: CurrentSubject, files: FilesDep) -> Response:
    """The picture of a question."""
    content, kind = service.picture(db, subject, files, question_id)
    return Response(content, media_type=kind, headers={"Cache-Control": "private, no-cache"})


@router.get("/questions/{question_id}/key/edit", dependencies=CHANGES)
def correction(
    request: Request,
    question_id: PathId,
    db: Db,
    subject: CurrentSubject,
    edit: Annotated[OptionalId, Query()] = None,
) -> Response:
    """The form for a key that was wrong, of the newest edit or an older one."""
    return _correction(request, db, subject, question_id, edit)


@router.post("/questions/{question_id}/key/edit", dependencies=CHANGES)
def correct_key(
    request: Request,
    question_id: PathId,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[CorrectionForm], Depends(posted(CorrectionForm))],
) -> Response:
    """First show what a correction would change; then correct the key and grade again what was answered."""
    edit = form.text("edit")
    asked = int(edit) if edit.isascii() and edit.isdigit() and len(edit) < 9 else None

    def correct(values: CorrectionForm) -> Response:
        if values.seen != values.fingerprint():
            foreseen = service.foresee(db, subject, question_id, values)
            form.data["seen"] = [values.fingerprint()]
            return _correction(request, db, subject, question_id, asked, form, foreseen)
        graded = service.correct(db, subject, question_id, values)
        return redirect(f"/questions/{question_id}", regraded=graded)

    return form.submit(db, correct, again=lambda: _correction(request, db, subject, question_id, asked, form))


@router.post("/questions/{question_id}/retire", dependencies=CHANGES)
def retire_question(
    question_id: PathId,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[RetirementForm], Depends(posted(RetirementForm))],
) -> Response:
    """Take the question out of the bank, or put it back."""
    service.set_retired(db, subject, question_id, retired=form.checked().retired)
    return redirect(f"/questions/{question_id}")


def _question_form(
    request: Request, db: Db, subject: Subject, program_id: int, form: Form[QuestionForm], kind: str
) -> Response:
    modules = service.modules(db, subject, program_id)
    return render(
        request,
        "bank/new.html",
        form=form,
        kind=kind,
        kinds=KINDS,
        labels=LABELS,
        program=academics.read_program(db, subject, program_id),
        modules=modules,
        breadcrumbs=_crumbs(db, subject, program_id, "New question"),
    )


def _question(
    request: Request, db: Db, subject: Subject, question_id: int, *, form: Form[EditForm] | None = None
) -> Response:
    found = service.read(db, subject, question_id)
    regraded = request.query_params.get("regraded", "")
    return render(
        request,
        "bank/question.html",
        question=found,
        may_edit=policy.may_edit(db, subject, found.program_id),
        form=form or _filled(found),
        modules=service.modules(db, subject, found.program_id),
        versions=service.versions_of(db, subject, question_id),
        regraded=int(regraded) if regraded.isascii() and regraded.isdigit() and len(regraded) < 9 else None,
        breadcrumbs=_crumbs(db, subject, found.program_id, found.label),
    )


def _filled(found: QuestionOut) -> Form[EditForm]:
    return Form.blank(
        EditForm,
        module_id=found.module_id,
        prompt=found.prompt,
        lines=found.lines,
        value=found.key.get("value", ""),
        tolerance=found.key.get("tolerance", ""),
        points=found.points,
        feedback=found.feedback,
        version=found.version,
    )


def _correction(
    request: Request,
    db: Db,
    subject: Subject,
    question_id: int,
    edit: int | None,
    form: Form[CorrectionForm] | None = None,
    foreseen: Foreseen | None = None,
) -> Response:
    newest = service.read(db, subject, question_id)
    found = newest if edit is None else service.read_edit(db, subject, question_id, edit)
    blank = Form.blank(
        CorrectionForm,
        lines=found.lines,
        value=found.key.get("value", ""),
        tolerance=found.key.get("tolerance", ""),
        version=found.version,
        edit=edit,
    )
    return render(
        request,
        "bank/correct.html",
        question=found,
        is_older=found.version_id != newest.version_id,
        form=form or blank,
        foreseen=foreseen,
        breadcrumbs=[
            *_crumbs(db, subject, found.program_id, None),
            (found.label, f"/questions/{question_id}"),
            ("Correct the key", None),
        ],
    )


def _crumbs(db: Db, subject: Subject, program_id: int, here: str | None) -> list[Crumb]:
    program = academics.read_program(db, subject, program_id)
    above: list[Crumb] = [("Programs", "/programs"), (program.name, f"/programs/{program_id}")]
    if here == "Questions":
        return [*above, (here, None)]
    above.append(("Questions", f"/programs/{program_id}/questions"))
    return above if here is None else [*above, (here, None)]
