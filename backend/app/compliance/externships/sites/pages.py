"""Pages of externship sites, their agreements and supervisors, and the rubrics."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator
from sqlalchemy.orm import Session

from app.compliance.externships import policy
from app.compliance.externships.rubrics import service as rubrics
from app.compliance.externships.sites import service
from app.compliance.externships.sites.reports import SITES
from app.compliance.externships.sites.schemas import (
    AgreementEndForm,
    AgreementForm,
    RubricForm,
    SiteForm,
    SupervisorForm,
)
from app.core import clock
from app.core.errors import NotFound
from app.core.permissions import Permission, Subject
from app.db.models import ExternshipSite
from app.settings import Settings
from app.web import refusals, reports, scans, uploads
from app.web.field_types import PathId, blank_is_none
from app.web.forms import Form, posted
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, FilesDep, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
uploads.register("/externships/sites/*/agreements/new")
refusals.register_record("site_id", "externship_sites")
refusals.register_record("site_agreement_id", "externship_agreements")
refusals.register_record("supervisor_id", "externship_supervisors")
READS = [Requires(Permission.EXTERNSHIPS_READ_ALL)]
MANAGES = [Requires(Permission.EXTERNSHIPS_MANAGE)]
SITES_PAGE = ("Externship sites", "/externships/sites")
_Standing = Annotated[
    Literal["approved", "expiring", "expired", "unapproved"] | None, BeforeValidator(blank_is_none), Query()
]
_Archived = Annotated[Literal["yes"] | None, BeforeValidator(blank_is_none), Query()]
_SiteForm = Annotated[Form[SiteForm], Depends(posted(SiteForm))]
_SupervisorForm = Annotated[Form[SupervisorForm], Depends(posted(SupervisorForm))]


@router.get("/externships/sites", dependencies=READS)
def sites(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    paging: PageParams,
    standing: _Standing = None,
    archived: _Archived = None,
) -> Response:
    """Sites, with how their agreements stand."""
    found = service.list_sites(
        db, subject, paging, clock.today(settings.zone), standing=standing, archived=archived == "yes"
    )
    return reports.answer(
        request, db, subject, SITES, found, "externships/sites.html", may_manage=policy.may_manage(subject)
    )


@router.get("/externships/sites/new", dependencies=MANAGES)
def new_site(request: Request) -> Response:
    return _site_form(request, Form.blank(SiteForm, capacity=1), None)


@router.post("/externships/sites/new", dependencies=MANAGES)
def add_site(request: Request, db: Db, subject: CurrentSubject, form: _SiteForm) -> Response:
    def save(values: SiteForm) -> Response:
        return redirect(f"/externships/sites/{service.save_site(db, subject, values).id}")

    return form.submit(db, save, again=lambda: _site_form(request, form, None))


@router.get("/externships/sites/{site_id}", dependencies=READS)
def site(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, site_id: PathId
) -> Response:
    """One site: agreements, supervisors."""
    found = service.read_site(db, subject, site_id, clock.today(settings.zone))
    return render(
        request,
        "externships/site.html",
        found=found,
        site=found.site,
        base=f"/externships/sites/{site_id}",
        may_manage=policy.may_manage(subject),
        breadcrumbs=[SITES_PAGE, (found.site.name, None)],
    )


@router.get("/externships/sites/{site_id}/edit", dependencies=MANAGES)
def edit_site(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, site_id: PathId
) -> Response:
    found = service.read_site(db, subject, site_id, clock.today(settings.zone)).site
    return _site_form(request, Form.filled(SiteForm, found), found)


@router.post("/externships/sites/{site_id}/edit", dependencies=MANAGES)
def change_site(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, site_id: PathId, form: _SiteForm
) -> Response:
    found = service.read_site(db, subject, site_id, clock.today(settings.zone)).site

    def save(values: SiteForm) -> Response:
        service.save_site(db, subject, values, site_id)
        return redirect(f"/externships/sites/{site_id}")

    return form.submit(db, save, again=lambda: _site_form(request, form, found))


@router.post("/externships/sites/{site_id}/archive", dependencies=MANAGES)
def archive_site(db: Db, subject: CurrentSubject, site_id: PathId) -> Response:
    service.archive_site(db, subject, site_id)
    return redirect(f"/externships/sites/{site_id}")


@router.post("/externships/sites/{site_id}/restore", dependencies=MANAGES)
def restore_site(db: Db, subject: CurrentSubject, site_id: PathId) -> Response:
    service.archive_site(db, subject, site_id, archived=False)
    return redirect(f"/externships/sites/{site_id}")


def _site_form(request: Request, form: Form[SiteForm], found: ExternshipSite | None) -> Response:
    title = "Change the site" if found else "Add a site"
    return render(
        request,
        "externships/site_form.html",
        form=form,
        title=title,
        back=f"/externships/sites/{found.id}" if found else "/externships/sites",
        breadcrumbs=[
            SITES_PAGE,
            *([(found.name, f"/externships/sites/{found.id}")] if found else []),
            (title, None),
        ],
    )


# Agreements


@router.get("/externships/sites/{site_id}/agreements/new", dependencies=MANAGES)
def new_agreement(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, site_id: PathId
) -> Response:
    return _agreement_page(request, db, subject, settings, site_id, Form.blank(AgreementForm))


@router.post("/externships/sites/{site_id}/agreements/new", dependencies=MANAGES)
def add_agreement(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    store: FilesDep,
    site_id: PathId,
    form: Annotated[Form[AgreementForm], Depends(posted(AgreementForm))],
) -> Response:
    def save(values: AgreementForm) -> Response:
        content = values.file.file.read(scans.LARGEST_BYTES + 1)
        service.add_agreement(db, subject, store, site_id, values, content, clock.today(settings.zone))
        return redirect(f"/externships/sites/{site_id}")

    return form.submit(db, save, again=lambda: _agreement_page(request, db, subject, settings, site_id, form))


def _agreement_page(
    request: Request, db: Session, subject: Subject, settings: Settings, site_id: int, form: Form[Any]
) -> Response:
    found = service.read_site(db, subject, site_id, clock.today(settings.zone)).site
    return render(
        request,
        "externships/agreement_new.html",
        form=form,
        site=found,
        accept=scans.ACCEPT,
        scan_help=scans.HELP,
        breadcrumbs=[SITES_PAGE, (found.name, f"/externships/sites/{site_id}"), ("Add an agreement", None)],
    )


@router.get("/externships/agreements/{site_agreement_id}/file", dependencies=READS)
def agreement_file(db: Db, subject: CurrentSubject, store: FilesDep, site_agreement_id: PathId) -> Response:
    content, media_type = service.read_agreement(db, subject, store, site_agreement_id)
    return scans.answer(content, media_type, f"externship-agreement-{site_agreement_id}")


@router.post("/externships/agreements/{site_agreement_id}/end", dependencies=MANAGES)
def end_agreement(
    db: Db,
    subject: CurrentSubject,
    site_agreement_id: PathId,
    form: Annotated[Form[AgreementEndForm], Depends(posted(AgreementEndForm))],
) -> Response:
    record = service.end_agreement(db, subject, site_agreement_id, form.checked())
    return redirect(f"/externships/sites/{record.site_id}")


# Supervisors


@router.get("/externships/sites/{site_id}/supervisors/new", dependencies=MANAGES)
def new_supervisor(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, site_id: PathId
) -> Response:
    return _supervisor_page(request, db, subject, settings, site_id, Form.blank(SupervisorForm))


@router.post("/externships/sites/{site_id}/supervisors/new", dependencies=MANAGES)
def add_supervisor(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    site_id: PathId,
    form: _SupervisorForm,
) -> Response:
    def save(values: SupervisorForm) -> Response:
        service.save_supervisor(db, subject, site_id, values)
        return redirect(f"/externships/sites/{site_id}")

    return form.submit(
        db, save, again=lambda: _supervisor_page(request, db, subject, settings, site_id, form)
    )


@router.get("/externships/sites/{site_id}/supervisors/{supervisor_id}/edit", dependencies=MANAGES)
def edit_supervisor(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    site_id: PathId,
    supervisor_id: PathId,
) -> Response:
    known = service.read_site(db, subject, site_id, clock.today(settings.zone)).supervisors
    record = next((one for one in known if one.id == supervisor_id), None)
    if record is None:
        raise NotFound("There is no such supervisor at this site.")
    return _supervisor_page(request, db, subject, settings, site_id, Form.filled(SupervisorForm, record))


@router.post("/externships/sites/{site_id}/supervisors/{supervisor_id}/edit", dependencies=MANAGES)
def change_supervisor(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    site_id: PathId,
    supervisor_id: PathId,
    form: _SupervisorForm,
) -> Response:
    def save(values: SupervisorForm) -> Response:
        service.save_supervisor(db, subject, site_id, values, supervisor_id)
        return redirect(f"/externships/sites/{site_id}")

    return form.submit(
        db, save, again=lambda: _supervisor_page(request, db, subject, settings, site_id, form)
    )


@router.post("/externships/sites/{site_id}/supervisors/{supervisor_id}/archive", dependencies=MANAGES)
def archive_supervisor(db: Db, subject: CurrentSubject, site_id: PathId, supervisor_id: PathId) -> Response:
    service.archive_supervisor(db, subject, site_id, supervisor_id)
    return redirect(f"/externships/sites/{site_id}")


def _supervisor_page(
    request: Request, db: Session, subject: Subject, settings: Settings, site_id: int, form: Form[Any]
) -> Response:
    found = service.read_site(db, subject, site_id, clock.today(settings.zone)).site
    return render(
        request,
        "externships/supervisor_form.html",
        form=form,
        site=found,
        breadcrumbs=[SITES_PAGE, (found.name, f"/externships/sites/{site_id}"), ("Supervisor", None)],
    )


# Rubrics


@router.get("/externships/rubrics", dependencies=READS)
def list_rubrics(request: Request, db: Db, subject: CurrentSubject) -> Response:
    """What supervisors evaluate, by program."""
    return render(
        request,
        "externships/rubrics.html",
        programs=rubrics.programs(db, subject),
        rubrics=rubrics.list_rubrics(db, subject),
        may_manage=policy.may_manage(subject),
        breadcrumbs=[SITES_PAGE, ("Rubrics", None)],
    )


@router.get("/externships/rubrics/{program_id}/new", dependencies=MANAGES)
def new_rubric(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, program_id: PathId
) -> Response:
    present = next(
        (row[0] for row in rubrics.list_rubrics(db, subject) if row[0].program_id == program_id), None
    )
    form = Form.blank(
        RubricForm,
        effective_from=clock.today(settings.zone),
        skills="\n".join(present.skills) if present else "",
    )
    return _rubric_page(request, form)


@router.post("/externships/rubrics/{program_id}/new", dependencies=MANAGES)
def add_rubric(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    program_id: PathId,
    form: Annotated[Form[RubricForm], Depends(posted(RubricForm))],
) -> Response:
    def save(values: RubricForm) -> Response:
        rubrics.add_rubric(db, subject, program_id, values)
        return redirect("/externships/rubrics")

    return form.submit(db, save, again=lambda: _rubric_page(request, form))


def _rubric_page(request: Request, form: Form[RubricForm]) -> Response:
    return render(
        request,
        "externships/rubric_new.html",
        form=form,
        breadcrumbs=[SITES_PAGE, ("Rubrics", "/externships/rubrics"), ("New rubric", None)],
    )
