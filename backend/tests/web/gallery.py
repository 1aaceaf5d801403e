"""A page that shows every macro of components.html, served by a small application: the subject of the look's tests."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Request, Response, UploadFile
from jinja2 import FileSystemLoader
from pydantic import BaseModel, EmailStr, Field

from app.core import clock
from app.core.errors import NotFound
from app.core.permissions import Role, Subject
from app.settings import Settings
from app.web import errors, navigation
from app.web.assets import MOUNT, StaticAssets
from app.web.forms import DollarsAsCents, Form, posted
from app.web.navigation import ADMINS, EVERYONE, NavItem
from app.web.paging import Page, PageParams
from app.web.render import environment, render
from app.web.security import protect

TEMPLATES = Path(__file__).parent / "templates"
CLOCKED_IN_FOR = timedelta(hours=1, minutes=2, seconds=5)


class Mode(StrEnum):
    CAMPUS = "campus"
    ONLINE = "online"


class GalleryForm(BaseModel):
    full_name: str = Field(min_length=2, max_length=80)
    email: EmailStr
    password: str = Field(min_length=12)
    cost_cents: DollarsAsCents = Field(ge=0, title="Tuition")
    weeks: int = Field(ge=1, le=104)
    start: date
    role: Role
    mode: Mode
    notes: Annotated[str, Field(max_length=500)] | None = None
    agreed: bool
    days: list[str] = []
    package: UploadFile | None = None


@dataclass(frozen=True)
class Student:
    id: int
    name: str
    status: str
    minutes: int
    progress: Decimal


COLUMNS = [
    {"label": "Name", "sort": "name"},
    {"label": "Status", "sort": "status"},
    {"label": "Hours", "sort": "minutes", "numeric": True},
    {"label": "Progress"},
    {"label": "Actions", "hidden_label": True},
]
STUDENTS = [
    Student(1, "Maria Lopez-Diaz", "active", 20520, Decimal("45.50")),
    Student(2, "Aaliyah Washington", "completed", 45000, Decimal("100")),
    Student(3, "Nguyễn Thị Minh", "suspended", 65, Decimal("3.25")),
    Student(4, "Sam O’Neill", "withdrawn", 0, Decimal("0")),
]
ADMIN = Subject(1, "dana@example.org", "Dana Reyes", Role.ADMIN, session_id=1)
ITEMS = (
    NavItem("Today", "/gallery", "home", EVERYONE, 10),
    NavItem("Students", "/students", "users", ADMINS, 20, "School"),
    NavItem("Programs", "/programs", "school", ADMINS, 30, "School"),
    NavItem("Hours", "/hours", "clock", ADMINS, 40, "School"),
    NavItem("Audit", "/audit", "shield-check", ADMINS, 50, "Operations"),
)


def settings(**overrides: object) -> Settings:
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        environment="test",
        secret_key="k" * 40,
        **overrides,
    )


def create_gallery(config: Settings | None = None) -> FastAPI:
    """The application; `?signed=no` shows the bare frame, `?empty=yes` the empty list."""
    config = config or settings()
    loader = environment().loader
    assert isinstance(loader, FileSystemLoader)
    if str(TEMPLATES) not in map(str, loader.searchpath):
        loader.searchpath.append(str(TEMPLATES))
    navigation.register(*ITEMS)

    app = FastAPI()
    app.state.settings = config
    app.mount(MOUNT, StaticAssets())

    errors.install(app)
    protect(app, config, answer=errors.answer, uploads={"/uploads": 4 * 1024 * 1024})

    def signed_in(request: Request) -> None:
        request.state.subject = None if request.query_params.get("signed") == "no" else ADMIN

    def page(
        request: Request, paging: PageParams, form: Form[GalleryForm], *, empty: bool = False
    ) -> Response:
        items = [] if empty else STUDENTS
        return render(
            request,
            "gallery.html",
            form=form,
            paging=paging,
            page=Page[Student](items=items, total=len(items) * 30, page=paging.page, per_page=4),
            columns=COLUMNS,
            since=clock.now() - CLOCKED_IN_FOR,
            today=date(2026, 11, 23),
            breadcrumbs=[("Programs", "/programs"), ("Dental Assistant Professional", None)],
        )

    @app.get("/gallery", dependencies=[Depends(signed_in)])
    def show(request: Request, paging: PageParams, empty: str = "") -> Response:
        return page(request, paging, Form.blank(GalleryForm, role="student"), empty=bool(empty))

    @app.post("/gallery", dependencies=[Depends(signed_in)])
    async def save(
        request: Request, paging: PageParams, form: Annotated[Form[GalleryForm], Depends(posted(GalleryForm))]
    ) -> Response:
        response = page(request, paging, form)
        response.status_code = 422 if form.errors else 200
        return response

    @app.get("/missing", dependencies=[Depends(signed_in)])
    def missing() -> None:
        raise NotFound("There is no program 99.")

    @app.post("/echo")
    @app.post("/uploads/echo")
    @app.post("/contents")
    async def echo(request: Request) -> dict[str, int]:
        return {"size": len(await request.body())}

    @app.get("/failing")
    def failing() -> None:
        raise RuntimeError("not foreseen")

    return app
