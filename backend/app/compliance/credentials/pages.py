"""Pages of credentials for the staff and for students: the list, one credential, its badge and its public page."""

from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from app.compliance.credentials import policy
from app.compliance.credentials.awards import service as awards
from app.compliance.credentials.awards.drafts import Wanted
from app.compliance.credentials.holders import service as holders
from app.compliance.credentials.reports import CREDENTIALS
from app.compliance.credentials.schemas import ButtonForm, IssueForm, RevokeForm
from app.core.directory import may_publish
from app.core.errors import Invalid
from app.core.permissions import Permission, Subject
from app.enrollment import service as enrollment
from app.settings import Settings
from app.web import navigation, refusals, reports, search
from app.web.downloads import pdf_response
from app.web.field_types import OptionalId, PathId
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.paging import PageParams, Paging
from app.web.render import redirect, render
from app.web.request import CurrentSubject, DatabaseDep, Db, FilesDep, Requires, SettingsDep, uploading
from app.web.search import Found, Hit

router = APIRouter(include_in_schema=False)
refusals.register_record("credential_id", "credentials", owner="user_id")
navigation.register(NavItem("Credentials", "/credentials", "award", policy.may_open, order=57))
CREDENTIALS_CRUMB = ("Credentials", "/credentials")
ISSUES = [Requires(Permission.DOCUMENTS_ISSUE)]
AskedStanding = Annotated[str, Query(max_length=20)]


@router.get("/credentials")
def credentials(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    paging: PageParams,
    standing: AskedStanding = "",
    program_id: Annotated[OptionalId, Query()] = None,
) -> Response:
    """Everybody's credentials for whoever reads them all; a student’s own for them."""
    if subject.is_student and not policy.may_list(subject):
        return render(
            request,
            "credentials/own.html",
            credentials=awards.of_student(db, subject, subject.user_id, settings.zone),
        )
    listing = awards.list_credentials(
        db,
        subject,
        paging,
        settings.zone,
        standing=standing if standing in dict(awards.STANDINGS) else None,
        program_id=program_id,
    )
    programs = [(str(row.id), row.name) for row in enrollment.program_names(db, subject)]
    return reports.answer(
        request,
        db,
        subject,
        CREDENTIALS,
        listing,
        "credentials/list.html",
        choices={"program_id": programs},
    )


@router.get("/credentials/{credential_id}")
def credential(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, credential_id: PathId
) -> Response:
    return _page(request, db, subject, settings, credential_id, Form.blank(RevokeForm))


def _page(
    request: Request, db: Session, subject: Subject, settings: Settings, credential_id: int, form: Form[Any]
) -> Response:
    row = awards.read(db, subject, credential_id, settings.zone)
    own = subject.user_id == row.user_id
    share = holders.share_of(db, subject, credential_id, settings.zone)
    return render(
        request,
        "credentials/credential.html",
        row=row,
        own=own,
        share=share,
        share_url=f"{settings.app_origin}/credentials/shared/{share.slug}" if share else None,
        published=may_publish(db, row.user_id),
        may_change=policy.may_issue(subject, row.user_id),
        form=form,
        breadcrumbs=[CREDENTIALS_CRUMB, (row.serial or row.name, None)],
    )


@router.post("/credentials/{credential_id}/revoke", dependencies=ISSUES)
def revoke(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    credential_id: PathId,
    form: Annotated[Form[RevokeForm], Depends(posted(RevokeForm))],
) -> Response:
    def act(values: RevokeForm) -> Response:
        awards.revoke(db, subject, credential_id, values.reason, settings.zone)
        return redirect(f"/credentials/{credential_id}")

    return form.submit(db, act, again=lambda: _page(request, db, subject, settings, credential_id, form))


@router.post("/credentials/{credential_id}/share")
def share(
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    credential_id: PathId,
    form: Annotated[Form[ButtonForm], Depends(posted(ButtonForm))],
) -> Response:
    form.checked()
    holders.share(db, subject, credential_id, settings.zone)
    return redirect(f"/credentials/{credential_id}")


@router.post("/credentials/{credential_id}/unshare")
def unshare(
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    credential_id: PathId,
    form: Annotated[Form[ButtonForm], Depends(posted(ButtonForm))],
) -> Response:
    form.checked()
    holders.unshare(db, subject, credential_id, settings.zone)
    return redirect(f"/credentials/{credential_id}")


@router.get("/credentials/{credential_id}/badge.json")
def badge(db: Db, subject: CurrentSubject, settings: SettingsDep, credential_id: PathId) -> Response:
    """The Open Badge, for a wallet or another system."""
    row, text = holders.badge(db, subject, credential_id, settings.zone)
    return _download(text.encode(), "application/vc+ld+json", f"{row.serial}.json")


@router.get("/credentials/{credential_id}/badge.png")
def baked(db: Db, subject: CurrentSubject, settings: SettingsDep, credential_id: PathId) -> Response:
    """The badge's picture with the badge inside."""
    row, image = holders.baked(db, subject, credential_id, settings.zone)
    return _download(image, "image/png", f"{row.serial}.png")


def _download(content: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(content, media_type=media_type, headers=headers)


# Issuing to one student


@router.get("/enrollments/{enrollment_id}/credential", dependencies=ISSUES)
def issue_page(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    enrollment_id: PathId,
    replaces: Annotated[OptionalId, Query()] = None,
) -> Response:
    """What can be issued. `replaces` is the diploma that a new one takes the place of."""
    old = awards.credential_of_document(db, subject, replaces) if replaces is not None else None
    form = Form.blank(IssueForm, request=uuid4(), replaces=old)
    return _issue_page(request, db, subject, enrollment_id, form)


@router.get("/credentials/{credential_id}/replace", dependencies=ISSUES)
def replace_page(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, credential_id: PathId
) -> Response:
    """The same form, for a credential that takes another one's place."""
    enrollment_id = awards.enrollment_to_replace(db, subject, credential_id, settings.zone)
    form = Form.blank(IssueForm, request=uuid4(), replaces=credential_id)
    return _issue_page(request, db, subject, enrollment_id, form)


# A transaction of `Requires` would be held while the diploma is drawn, beside those of the service.
Issuer = Annotated[Subject, Depends(uploading(Permission.DOCUMENTS_ISSUE))]


@router.get("/enrollments/{enrollment_id}/credential/preview")
def preview(
    subject: Issuer,
    database: DatabaseDep,
    files: FilesDep,
    settings: SettingsDep,
    enrollment_id: PathId,
    type_id: Annotated[OptionalId, Query()] = None,
    replaces: Annotated[OptionalId, Query()] = None,
) -> Response:
    """The diploma as it would look. No connection is held while it is rendered."""
    if type_id is None:
        raise Invalid("Choose the credential to preview. Nothing was issued.")
    wanted = Wanted(type_id, enrollment_id, uuid4(), replaces, reason="Preview")
    return pdf_response(
        awards.preview(database, subject, files, settings, wanted), "preview.pdf", inline=True
    )


@router.post("/enrollments/{enrollment_id}/credential")
def issue(
    request: Request,
    subject: Issuer,
    database: DatabaseDep,
    files: FilesDep,
    settings: SettingsDep,
    enrollment_id: PathId,
    form: Annotated[Form[IssueForm], Depends(posted(IssueForm))],
) -> Response:
    def act(values: IssueForm) -> Response:
        wanted = Wanted(
            values.type_id, enrollment_id, values.request, values.replaces, reason=values.reason or ""
        )
        return redirect(f"/credentials/{awards.issue(database, subject, files, settings, wanted)}")

    return form.submit_apart(
        database, act, lambda session: _issue_page(request, session, subject, enrollment_id, form)
    )


def _issue_page(
    request: Request, db: Session, subject: Subject, enrollment_id: int, form: Form[IssueForm]
) -> Response:
    choice = awards.choices(db, subject, enrollment_id)
    back = f"/enrollments/{enrollment_id}"
    return render(
        request,
        "credentials/issue.html",
        row=choice.enrollment,
        types=[(one.id, f"{one.name} ({one.level})") for one in choice.types],
        form=form,
        back=back,
        breadcrumbs=[
            ("Enrollments", "/enrollments"),
            (choice.enrollment.full_name, back),
            ("Credential", None),
        ],
    )


def _find(db: Session, subject: Subject, words: str) -> Found | None:
    if not policy.may_list(subject):
        return None
    settings: Settings = db.info["settings"]
    found = awards.list_credentials(db, subject, Paging(q=words, per_page=search.MOST), settings.zone).page()
    hits = [
        Hit(f"{row.serial or row.name}, {row.student}", row.name, f"/credentials/{row.id}", "award")
        for row in found.items
    ]
    return Found("Credentials", hits, found.total, "/credentials")


search.register("credentials", _find, order=60)
