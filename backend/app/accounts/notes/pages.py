"""Pages of notes about students."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.accounts.notes import policy, service
from app.accounts.notes.reports import NOTES
from app.accounts.notes.service import NoteForm
from app.core.permissions import Permission, Subject
from app.web import reports, search
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.paging import PageParams, Paging
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires
from app.web.search import Found, Hit

router = APIRouter(include_in_schema=False)
READS = [Requires(Permission.NOTES_READ)]
WRITES = [Requires(Permission.NOTES_WRITE)]
PEOPLE = ("People", "/people")
AUDIENCES = [(duty.value, duty.label) for duty in policy.AUDIENCES]
NoteDep = Annotated[Form[NoteForm], Depends(posted(NoteForm))]


@router.get("/people/notes", dependencies=READS)
def every_note(request: Request, db: Db, subject: CurrentSubject, paging: PageParams) -> Response:
    return reports.answer(
        request,
        db,
        subject,
        NOTES,
        service.list_notes(db, subject, paging),
        "accounts/notes_list.html",
        breadcrumbs=[PEOPLE, ("Notes", None)],
    )


@router.get("/people/{user_id}/notes", dependencies=READS)
def notes(request: Request, db: Db, subject: CurrentSubject, user_id: PathId) -> Response:
    return _page(request, db, subject, user_id, _blank(subject))


@router.post("/people/{user_id}/notes", dependencies=WRITES)
def write(request: Request, db: Db, subject: CurrentSubject, user_id: PathId, form: NoteDep) -> Response:
    def save(values: NoteForm) -> Response:
        service.write(db, subject, user_id, values)
        return redirect(f"/people/{user_id}/notes")

    return form.submit(db, save, again=lambda: _page(request, db, subject, user_id, form))


def _blank(subject: Subject) -> Form[NoteForm]:
    mine = [duty for duty in policy.AUDIENCES if duty in subject.held]
    return Form.blank(NoteForm, audience=mine)


def _page(request: Request, db: Session, subject: Subject, user_id: int, form: Form[NoteForm]) -> Response:
    person = policy.require_read(db, subject, user_id)
    return render(
        request,
        "accounts/notes.html",
        person=person,
        notes=service.notes_of(db, subject, user_id),
        form=form,
        audiences=AUDIENCES,
        may_write=policy.may_write(subject, user_id),
        breadcrumbs=[PEOPLE, (person.full_name, f"/people/{user_id}"), ("Notes", None)],
    )


@router.get("/people/{user_id}/notes/{note_id}/edit", dependencies=WRITES)
def better(request: Request, db: Db, subject: CurrentSubject, user_id: PathId, note_id: PathId) -> Response:
    found = service.get_note(db, subject, user_id, note_id)
    return _better_page(request, db, subject, user_id, note_id, Form.filled(NoteForm, found))


@router.post("/people/{user_id}/notes/{note_id}/edit", dependencies=WRITES)
def supersede(
    request: Request, db: Db, subject: CurrentSubject, user_id: PathId, note_id: PathId, form: NoteDep
) -> Response:
    def save(values: NoteForm) -> Response:
        service.supersede(db, subject, user_id, note_id, values)
        return redirect(f"/people/{user_id}/notes")

    return form.submit(db, save, again=lambda: _better_page(request, db, subject, user_id, note_id, form))


def _better_page(
    request: Request, db: Session, subject: Subject, user_id: int, note_id: int, form: Form[NoteForm]
) -> Response:
    person = policy.require_write(db, subject, user_id)
    found = service.get_note(db, subject, user_id, note_id)
    return render(
        request,
        "accounts/note_better.html",
        person=person,
        note=found,
        form=form,
        audiences=AUDIENCES,
        breadcrumbs=[
            PEOPLE,
            (person.full_name, f"/people/{user_id}"),
            ("Notes", f"/people/{user_id}/notes"),
            ("Correct a note", None),
        ],
    )


def _find(db: Session, subject: Subject, words: str) -> Found | None:
    if not policy.may_read(subject):
        return None
    page = service.list_notes(db, subject, Paging(q=words, per_page=search.MOST)).page()
    hits = [
        Hit(row.full_name, row.body[:80], f"/people/{row.user_id}/notes", "message") for row in page.items
    ]
    return Found("Notes", hits, page.total, "/people/notes")


search.register("student-notes", _find, order=90)
