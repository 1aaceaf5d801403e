"""Programs, modules and lessons as JSON. Staff read, administrators change."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.academics import service
from app.academics.schemas import (
    LessonIn,
    LessonOut,
    LessonPatch,
    ModuleIn,
    ModuleOut,
    ModulePatch,
    OrderIn,
    ProgramIn,
    ProgramOut,
    ProgramOutline,
    ProgramPatch,
)
from app.web.field_types import PathId, RecordId
from app.web.paging import Page, PageParams
from app.web.request import CurrentSubject, Db

router = APIRouter(prefix="/api/v1")
OfProgram = Annotated[RecordId | None, Query(description="Only from this program.")]
OfModule = Annotated[RecordId | None, Query(description="Only from this module.")]


# Programs


@router.get("/programs", tags=["programs"])
def list_programs(db: Db, subject: CurrentSubject, paging: PageParams) -> Page[ProgramOut]:
    """Programs by name. Sorts: name, credits, weeks, tuition, lessons, students."""
    page = service.list_programs(db, subject, paging).page()
    return page.map(lambda row: ProgramOut.model_validate(row.Program))


@router.post("/programs", status_code=201, tags=["programs"])
def create_program(db: Db, subject: CurrentSubject, body: ProgramIn) -> ProgramOut:
    """Make a program."""
    return ProgramOut.model_validate(service.create_program(db, subject, body))


@router.get("/programs/{program_id}", tags=["programs"])
def get_program(db: Db, subject: CurrentSubject, program_id: PathId) -> ProgramOutline:
    """A program with its modules and lessons in order."""
    return ProgramOutline.model_validate(service.program_outline(db, subject, program_id))


@router.patch("/programs/{program_id}", tags=["programs"])
def update_program(db: Db, subject: CurrentSubject, program_id: PathId, body: ProgramPatch) -> ProgramOut:
    """Change what is given; the rest stays."""
    changes = body.model_dump(exclude_unset=True)
    return ProgramOut.model_validate(service.update_program(db, subject, program_id, changes))


@router.delete("/programs/{program_id}", status_code=204, tags=["programs"])
def delete_program(db: Db, subject: CurrentSubject, program_id: PathId) -> None:
    """Delete a program with its outline. 409 while it has enrollments in any state."""
    service.delete_program(db, subject, program_id)


@router.put("/programs/{program_id}/modules/order", tags=["programs"])
def order_modules(db: Db, subject: CurrentSubject, program_id: PathId, body: OrderIn) -> ProgramOutline:
    """Put the program's modules in this order; 409 unless each is named once."""
    service.order_modules(db, subject, program_id, body.ids)
    return ProgramOutline.model_validate(service.program_outline(db, subject, program_id))


# Modules


@router.get("/modules", tags=["modules"])
def list_modules(
    db: Db, subject: CurrentSubject, paging: PageParams, program_id: OfProgram = None
) -> Page[ModuleOut]:
    """Modules; of one program in its order. Sorts: order, name, id."""
    return service.list_modules(db, subject, paging, program_id).map(ModuleOut.model_validate)


@router.post("/modules", status_code=201, tags=["modules"])
def create_module(db: Db, subject: CurrentSubject, body: ModuleIn) -> ModuleOut:
    """Add a module behind the program's others."""
    module = service.create_module(db, subject, body.program_id, body.name, body.description)
    return ModuleOut.model_validate(module)


@router.get("/modules/{module_id}", tags=["modules"])
def get_module(db: Db, subject: CurrentSubject, module_id: PathId) -> ModuleOut:
    """One module."""
    return ModuleOut.model_validate(service.read_module(db, subject, module_id)[0])


@router.patch("/modules/{module_id}", tags=["modules"])
def update_module(db: Db, subject: CurrentSubject, module_id: PathId, body: ModulePatch) -> ModuleOut:
    """Change what is given; the rest stays."""
    changes = body.model_dump(exclude_unset=True)
    return ModuleOut.model_validate(service.update_module(db, subject, module_id, changes))


@router.delete("/modules/{module_id}", status_code=204, tags=["modules"])
def delete_module(db: Db, subject: CurrentSubject, module_id: PathId) -> None:
    """Delete a module with its lessons. 409 when students have worked in one of them."""
    service.delete_module(db, subject, module_id)


@router.put("/modules/{module_id}/lessons/order", tags=["modules"])
def order_lessons(db: Db, subject: CurrentSubject, module_id: PathId, body: OrderIn) -> list[LessonOut]:
    """Put the module's lessons in this order; 409 unless each is named once."""
    service.order_lessons(db, subject, module_id, body.ids)
    return [LessonOut.model_validate(lesson) for lesson in service.lessons_of(db, subject, module_id)]


# Lessons


@router.get("/lessons", tags=["lessons"])
def list_lessons(
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    program_id: OfProgram = None,
    module_id: OfModule = None,
) -> Page[LessonOut]:
    """Lessons; of one module in its order. Sorts: order, title, id."""
    return service.list_lessons(db, subject, paging, program_id, module_id).map(LessonOut.model_validate)


@router.post("/lessons", status_code=201, tags=["lessons"])
def create_lesson(db: Db, subject: CurrentSubject, body: LessonIn) -> LessonOut:
    """Add a lesson behind the module's others. Videos and documents need an https address."""
    return LessonOut.model_validate(service.create_lesson(db, subject, body.module_id, body))


@router.get("/lessons/{lesson_id}", tags=["lessons"])
def get_lesson(db: Db, subject: CurrentSubject, lesson_id: PathId) -> LessonOut:
    """One lesson."""
    return LessonOut.model_validate(service.read_lesson(db, subject, lesson_id)[0])


@router.patch("/lessons/{lesson_id}", tags=["lessons"])
def update_lesson(db: Db, subject: CurrentSubject, lesson_id: PathId, body: LessonPatch) -> LessonOut:
    """Change what is given; the rest stays. The kind is fixed once students have worked in the lesson."""
    changes = body.model_dump(exclude_unset=True)
    return LessonOut.model_validate(service.update_lesson(db, subject, lesson_id, changes))


@router.delete("/lessons/{lesson_id}", status_code=204, tags=["lessons"])
def delete_lesson(db: Db, subject: CurrentSubject, lesson_id: PathId) -> None:
    """Delete a lesson. 409 when students have worked in it."""
    service.delete_lesson(db, subject, lesson_id)
