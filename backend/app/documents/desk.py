"""Previewing and issuing a document as pages do it: one way for every room that has a draft to show."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.core.files import FileStore
from app.core.permissions import Subject
from app.db.session import Database
from app.documents.issue import Draft, issue, preview
from app.settings import Settings
from app.web.downloads import pdf_response
from app.web.field_types import OptionalId
from app.web.forms import Form
from app.web.render import redirect
from app.web.request import BriefSubject, DatabaseDep, FilesDep, SettingsDep


class IssueForm(BaseModel):
    """`request` names the act, so that sent twice it is one document; `replaces` is the one it takes the place of."""

    request: UUID
    replaces: OptionalId = None


M = TypeVar("M", bound=IssueForm)


@dataclass(frozen=True, slots=True)
class IssueDesk:
    """Who asks, and what a draft is made of. No connection is held while a document is rendered."""

    subject: Subject
    database: Database
    files: FileStore
    settings: Settings

    def preview(self, draft: Callable[[Session], Draft]) -> Response:
        """The document as it would look; nothing is kept."""
        with self.database.begin() as session:
            made = draft(session)
        return pdf_response(preview(self.settings, made), "preview.pdf", inline=True)

    def issue(
        self, form: Form[M], draft: Callable[[Session, M], Draft], again: Callable[[Session], Response]
    ) -> Response:
        """Issue it and go to its page, or show the form again with what is wrong."""

        def act(values: M) -> Response:
            made = issue(
                self.database,
                self.subject,
                self.files,
                self.settings,
                lambda session: draft(session, values),
                request=values.request,
                replaces=values.replaces,
            )
            return redirect(f"/documents/{made.id}")

        return form.submit_apart(self.database, act, again)


def issue_desk(
    subject: BriefSubject, database: DatabaseDep, files: FilesDep, settings: SettingsDep
) -> IssueDesk:
    """For a route that previews or issues a document."""
    return IssueDesk(subject, database, files, settings)


IssueDeskDep = Annotated[IssueDesk, Depends(issue_desk)]
