"""The page on which questions are taken over from a text."""

from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from app.academics import service as academics
from app.content.bank import importing, policy
from app.content.bank.gift import Draft
from app.content.bank.schemas import LABELS
from app.core.errors import Invalid
from app.core.permissions import Permission, Subject
from app.web import uploads
from app.web.field_types import OptionalFile, PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, FilesDep, Requires, uploading

router = APIRouter(include_in_schema=False)
CHANGES = [Requires(Permission.CONTENT_CHANGE)]
Uploader = Annotated[Subject, Depends(uploading(Permission.CONTENT_CHANGE))]
LONGEST = 500_000
"""Characters of a text; five hundred questions have about half of it."""
uploads.register("/programs/*/questions/import/new")


class ImportForm(BaseModel):
    """A text with questions, typed or as a file. `seen` is the fingerprint of the text that the person was shown."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    text: Annotated[str, Field(max_length=LONGEST, title="Questions")] = ""
    file: Annotated[OptionalFile, Field(title="File")] = None
    seen: Annotated[str, Field(max_length=64)] = ""

    def whole(self) -> str:
        """The text of the file, or what was typed. Raises Invalid for a file that is no text."""
        if self.file is None:
            return self.text.replace("\r\n", "\n")
        data = self.file.file.read(4 * LONGEST + 1)
        if len(data) > 4 * LONGEST:
            raise Invalid("This file is larger than 2 MB. Import it in several parts.")
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Invalid("This file isn’t UTF-8 text. Save it as UTF-8, or paste its text.") from None
        if "\x00" in text or len(text) > LONGEST:
            raise Invalid("This file isn’t text, or is too long. Export the questions as GIFT.")
        return text.replace("\r\n", "\n")


@router.get("/programs/{program_id}/questions/import/new", dependencies=CHANGES)
def import_page(request: Request, program_id: PathId, db: Db, subject: CurrentSubject) -> Response:
    """The form."""
    return _page(request, db, subject, program_id, Form.blank(ImportForm), None)


@router.post("/programs/{program_id}/questions/import/new")
def import_questions(
    request: Request,
    program_id: PathId,
    subject: Uploader,
    files: FilesDep,
    form: Annotated[Form[ImportForm], Depends(posted(ImportForm))],
    db: Db,
) -> Response:
    """First show every question with what is wrong with it; then take them over, all or none."""

    def act(values: ImportForm) -> Response:
        text = values.whole()
        fingerprint = sha256(text.encode()).hexdigest()
        drafts = importing.look(db, subject, program_id, text)
        if values.seen == fingerprint and not any(draft.problem for draft in drafts):
            importing.take(db, subject, files, program_id, text)
            return redirect(f"/programs/{program_id}/questions")
        form.data |= {"text": [text], "seen": [fingerprint]}
        return _page(request, db, subject, program_id, form, drafts)

    return form.submit(db, act, again=lambda: _page(request, db, subject, program_id, form, None))


def _page(
    request: Request,
    db: Session,
    subject: Subject,
    program_id: int,
    form: Form[ImportForm],
    drafts: list[Draft] | None,
) -> Response:
    policy.require_edit(db, subject, program_id)
    program = academics.read_program(db, subject, program_id)
    return render(
        request,
        "bank/import.html",
        form=form,
        program=program,
        drafts=drafts,
        wrong=sum(bool(draft.problem) for draft in drafts or ()),
        labels=LABELS,
        breadcrumbs=[
            ("Programs", "/programs"),
            (program.name, f"/programs/{program_id}"),
            ("Questions", f"/programs/{program_id}/questions"),
            ("Import", None),
        ],
    )
