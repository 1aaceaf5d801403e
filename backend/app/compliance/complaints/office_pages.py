"""Pages of complaints for the office: the list, entering one, working on one, its decisions."""

from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator
from sqlalchemy.orm import Session

from app.compliance.complaints import policy, service
from app.compliance.complaints.papers import paper_of
from app.compliance.complaints.reports import COMPLAINTS
from app.compliance.complaints.schemas import (
    AppealDecisionForm,
    AppealForm,
    AssignForm,
    DecisionForm,
    FileForm,
    NoteForm,
    OfficeForm,
    StepForm,
)
from app.core import clock
from app.core.errors import FieldError, Invalid
from app.core.permissions import Permission, Subject
from app.core.visibility import Records
from app.documents.service import IssueDeskDep
from app.rules.complaints import APPEAL_OUTCOMES, GNPEC, KINDS, OUTCOMES, RECEIVED, RELATIONS, STATES
from app.settings import Settings
from app.web import navigation, refusals, reports, scans, uploads
from app.web.field_types import PathId, blank_is_none
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, FilesDep, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
READS = [Requires(Permission.COMPLAINTS_READ)]
MANAGES = [Requires(Permission.COMPLAINTS_MANAGE)]
LIST = ("Complaints", "/complaints")
navigation.register(NavItem("Complaints", "/complaints", "message", policy.may_list, order=57))
for _path in ("/people/*/complaints/new", "/complaints/*/files"):
    uploads.register(_path)
refusals.register_record("complaint_id", "complaints", owner="student_id", kind=Records.STUDENTS)
refusals.register_record("complaint_file_id", "complaint_files")
Word = Annotated[str | None, BeforeValidator(blank_is_none), Query(max_length=20)]


@router.get("/complaints", dependencies=READS)
def complaints(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    paging: PageParams,
    state: Word = None,
    kind: Word = None,
) -> Response:
    """Every complaint, the oldest first."""
    for name, value, known in (("state", state, {"open", *STATES}), ("kind", kind, set(KINDS))):
        if value is not None and value not in known:
            sentence = f"“{value}” is none of these: {', '.join(sorted(known))}."
            raise Invalid(sentence, errors=[FieldError(name, sentence)])
    today = clock.today(settings.zone)
    listing = service.list_complaints(db, subject, paging, today, state=state, kind=kind)
    return reports.answer(request, db, subject, COMPLAINTS, listing, "complaints/list.html")


@router.get("/people/{user_id}/complaints/new", dependencies=MANAGES)
def new(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, user_id: PathId
) -> Response:
    form = Form.blank(OfficeForm, request=uuid4(), received_on=clock.today(settings.zone))
    return _new_page(request, db, subject, user_id, form)


@router.post("/people/{user_id}/complaints/new", dependencies=MANAGES)
def enter(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    store: FilesDep,
    user_id: PathId,
    form: Annotated[Form[OfficeForm], Depends(posted(OfficeForm))],
) -> Response:
    def act(values: OfficeForm) -> Response:
        today = clock.today(settings.zone)
        row = service.enter(db, subject, user_id, values, today, paper_of(store, values.file))
        return redirect(f"/complaints/{row.id}" if policy.may_read(subject, row) else "/complaints")

    return form.submit(db, act, lambda: _new_page(request, db, subject, user_id, form))


def _new_page(request: Request, db: Session, subject: Subject, user_id: int, form: Form[Any]) -> Response:
    person = service.require_entry(db, subject, user_id)
    return render(
        request,
        "complaints/enter.html",
        person=person,
        form=form,
        kinds=list(KINDS.items()),
        relations=list(RELATIONS.items()),
        received=[(name, label) for name, label in RECEIVED.items() if name != "portal"],
        staff=service.staff_choices(db, subject.user_id),
        help=scans.HELP,
        accept=scans.ACCEPT,
        breadcrumbs=[LIST, (person.full_name, None)],
    )


@router.get("/complaints/{complaint_id}", dependencies=READS)
def one(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, complaint_id: PathId
) -> Response:
    return _page(request, db, subject, settings, complaint_id)


def _page(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    complaint_id: int,
    form: Form[Any] | None = None,
) -> Response:
    """One complaint; `form` is the one that was sent and is shown again with what is wrong."""
    found = service.read(db, subject, complaint_id, clock.today(settings.zone))
    row = found.row
    if form is not None:
        policy.require_manage(subject)

    def shown(model: Any, **initial: Any) -> Form[Any]:
        return form if form is not None and form.model is model else Form.blank(model, **initial)

    return render(
        request,
        "complaints/one.html",
        found=found,
        row=row,
        form=form,
        assign=shown(AssignForm, assigned_to=row.assigned_to, about_user_id=row.about_user_id),
        note=shown(NoteForm),
        step=shown(StepForm),
        decide=shown(DecisionForm, request=uuid4()),
        hear=shown(AppealDecisionForm, request=uuid4()),
        appeal=shown(AppealForm),
        paper=shown(FileForm),
        staff=service.staff_choices(db, subject.user_id),
        workers=service.workers(db, row.about_user_id),
        sees_students=subject.may(Permission.STUDENTS_READ_ALL),
        letters=service.letters_of(db, subject, complaint_id),
        kinds=KINDS,
        relations=RELATIONS,
        received=RECEIVED,
        states=STATES,
        outcomes=OUTCOMES,
        appeal_outcomes=APPEAL_OUTCOMES,
        agency=GNPEC,
        help=scans.HELP,
        accept=scans.ACCEPT,
        breadcrumbs=[LIST, (row.number, None)],
    )


@router.post("/complaints/{complaint_id}/assignment", dependencies=MANAGES)
def assign(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    complaint_id: PathId,
    form: Annotated[Form[AssignForm], Depends(posted(AssignForm))],
) -> Response:
    def act(values: AssignForm) -> Response:
        service.assign(db, subject, complaint_id, values)
        return redirect(f"/complaints/{complaint_id}")

    return form.submit(db, act, lambda: _page(request, db, subject, settings, complaint_id, form))


@router.post("/complaints/{complaint_id}/notes", dependencies=MANAGES)
def note(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    complaint_id: PathId,
    form: Annotated[Form[NoteForm], Depends(posted(NoteForm))],
) -> Response:
    def act(values: NoteForm) -> Response:
        service.add_note(db, subject, complaint_id, values)
        return redirect(f"/complaints/{complaint_id}")

    return form.submit(db, act, lambda: _page(request, db, subject, settings, complaint_id, form))


@router.post("/complaints/{complaint_id}/steps/{step}", dependencies=MANAGES)
def take_step(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    complaint_id: PathId,
    step: Literal["acknowledge", "review", "withdraw", "close", "refer"],
    form: Annotated[Form[StepForm], Depends(posted(StepForm))],
) -> Response:
    """The next step, with an email to who complains."""

    def act(values: StepForm) -> Response:
        today, words = clock.today(settings.zone), values.words
        if step == "acknowledge":
            service.acknowledge(db, subject, complaint_id, words)
        elif step == "review":
            service.begin_review(db, subject, complaint_id, words)
        elif step == "withdraw":
            service.withdraw(db, subject, complaint_id, words, today)
        elif step == "close":
            service.close(db, subject, complaint_id, words, today)
        else:
            service.refer(db, subject, complaint_id, words, today)
        return redirect(f"/complaints/{complaint_id}")

    return form.submit(db, act, lambda: _page(request, db, subject, settings, complaint_id, form))


@router.post("/complaints/{complaint_id}/appeal", dependencies=MANAGES)
def enter_appeal(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    complaint_id: PathId,
    form: Annotated[Form[AppealForm], Depends(posted(AppealForm))],
) -> Response:
    """The office enters an appeal that came by letter or in person."""

    def act(values: AppealForm) -> Response:
        service.appeal(db, subject, complaint_id, values, clock.today(settings.zone))
        return redirect(f"/complaints/{complaint_id}")

    return form.submit(db, act, lambda: _page(request, db, subject, settings, complaint_id, form))


@router.post("/complaints/{complaint_id}/files", dependencies=MANAGES)
def add_file(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    store: FilesDep,
    complaint_id: PathId,
    form: Annotated[Form[FileForm], Depends(posted(FileForm))],
) -> Response:
    def act(values: FileForm) -> Response:
        service.add_paper(db, subject, complaint_id, paper_of(store, values.file))
        return redirect(f"/complaints/{complaint_id}")

    return form.submit(db, act, lambda: _page(request, db, subject, settings, complaint_id, form))


@router.get("/complaint-files/{complaint_file_id}")
def read_file(db: Db, subject: CurrentSubject, store: FilesDep, complaint_file_id: PathId) -> Response:
    """A paper of a complaint, for who complains and the office."""
    found = service.read_file(db, subject, store, complaint_file_id)
    return scans.answer(found.content, found.media_type, f"complaint-{found.id}")


@router.post("/complaints/{complaint_id}/decision/preview")
def preview(
    desk: IssueDeskDep,
    complaint_id: PathId,
    form: Annotated[Form[DecisionForm], Depends(posted(DecisionForm))],
) -> Response:
    """The letter as it would look."""
    policy.require_manage(desk.subject)
    values, today = form.checked(), clock.today(desk.settings.zone)
    return desk.preview(
        lambda session: service.draft_decision(session, desk.subject, desk.files, complaint_id, values, today)
    )


@router.post("/complaints/{complaint_id}/decision")
def decide(
    request: Request,
    desk: IssueDeskDep,
    complaint_id: PathId,
    form: Annotated[Form[DecisionForm], Depends(posted(DecisionForm))],
) -> Response:
    """Issue the letter with the decision, which decides the complaint."""
    today = clock.today(desk.settings.zone)
    return desk.issue(
        form,
        lambda session, values: service.draft_decision(
            session, desk.subject, desk.files, complaint_id, values, today
        ),
        lambda session: _page(request, session, desk.subject, desk.settings, complaint_id, form),
    )


@router.post("/complaints/{complaint_id}/appeal-decision")
def decide_appeal(
    request: Request,
    desk: IssueDeskDep,
    complaint_id: PathId,
    form: Annotated[Form[AppealDecisionForm], Depends(posted(AppealDecisionForm))],
) -> Response:
    """Issue the letter about the appeal, which closes the complaint."""
    today = clock.today(desk.settings.zone)
    return desk.issue(
        form,
        lambda session, values: service.draft_appeal_decision(
            session, desk.subject, desk.files, complaint_id, values, today
        ),
        lambda session: _page(request, session, desk.subject, desk.settings, complaint_id, form),
    )
