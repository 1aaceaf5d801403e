"""An instructor writes and publishes on a desk; a student reads and takes the quiz on a phone, in a real Chromium."""

from io import BytesIO

import pytest
from playwright.sync_api import FrameLocator, Page, expect
from sqlalchemy import select
from starlette.datastructures import UploadFile

from app.content.authoring.schemas import Quiz
from app.core.permissions import Role
from app.db.models import ContentPackage, ContentType, LessonText, QuizAnswer, QuizAttempt, User
from tests.browser.axe import assert_accessible
from tests.content.authoring.conftest import picture, publish
from tests.content.conftest import Stage
from tests.content.quizzes.conftest import pools_of, question

pytestmark = pytest.mark.browser
DESK = {"width": 1280, "height": 900}


def make_document(stage: Stage) -> None:
    with stage.server.database.begin() as session:
        school = stage._school(session)
        school.lesson.content_type = ContentType.DOCUMENT
        session.flush()


def test_an_instructor_writes_looks_and_publishes(
    stage: Stage, tmp_path_factory: pytest.TempPathFactory
) -> None:
    make_document(stage)
    page = stage.page("instructor")
    page.set_viewport_size(DESK)
    page.goto(f"/lessons/{stage.ids['lesson']}")
    page.get_by_role("link", name="Write").last.click()
    file = tmp_path_factory.mktemp("files") / "Wet Hands.png"
    file.write_bytes(picture())
    page.get_by_label("Picture, video, recording or captions").set_input_files(str(file))
    page.get_by_role("button", name="Upload").click()
    text = page.get_by_label("Text in Markdown")
    text.fill("# Wash\n\nWith **soap**. <b>x</b>\n\n![](wet-hands.png)")
    preview = page.get_by_role("region", name="Preview of the text")
    expect(preview.get_by_role("heading", name="Wash", exact=True)).to_be_visible()
    expect(preview).to_contain_text("<b>x</b>")
    expect(preview).to_contain_text("has no description")
    left, right = text.bounding_box(), preview.bounding_box()
    assert left is not None
    assert right is not None
    assert left["x"] + left["width"] <= right["x"]
    text.fill("# Wash\n\nWith **soap**.\n\n![Wet hands](wet-hands.png)")
    expect(preview.get_by_role("img", name="Wet hands")).to_be_visible()
    expect(preview).not_to_contain_text("has no description")
    assert_accessible(page)
    # Somebody else saves meanwhile: what was typed stays on the page.
    with stage.server.database.begin() as session:
        session.add(
            LessonText(
                lesson_id=stage.ids["lesson"],
                version=1,
                body="Theirs",
                quiz={},
                saved_at=session.get_one(User, stage.ids["instructor"]).created_at,
            )
        )
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("saved this lesson while you were editing it")
    expect(text).to_have_value("# Wash\n\nWith **soap**.\n\n![Wet hands](wet-hands.png)")
    page.goto(f"/lessons/{stage.ids['lesson']}/write")
    expect(text).to_have_value("Theirs")
    text.fill("# Wash\n\n![Wet hands](wet-hands.png)")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Publish version 2").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Published", exact=True)).to_be_visible()
    with stage.server.database.begin() as session:
        assert session.scalars(select(ContentPackage.standard)).all() == ["written"]
    page.set_viewport_size({"width": 390, "height": 844})
    expect(preview).to_be_hidden()
    page.get_by_role("tab", name="Preview").click()
    expect(preview).to_be_visible()
    expect(text).to_be_hidden()
    assert_accessible(page)


def lesson_with_quiz(stage: Stage, **rules: object) -> None:
    with stage.server.database.begin() as session:
        school = stage._school(session)
        school.lesson.content_type = ContentType.DOCUMENT
        session.flush()
        image = UploadFile(BytesIO(picture()), filename="x.png")
        versions = [
            question(school, "choice"),
            question(school, "order"),
            question(school, "match"),
            question(school, "numeric", value="20", tolerance="1", prompt="How many seconds?"),
            question(
                school, "hotspot", "* Left | 0 0 50 100\nRight | 50 0 50 100", prompt="Where?", image=image
            ),
        ]
        publish(
            school,
            "# Wash\n\n" + "Wash your hands.\n\n" * 30,
            Quiz(pools=pools_of(*versions), shuffle_questions=False, pass_percent=60, **rules),  # type: ignore[arg-type]
        )


def opened(stage: Stage, page: Page) -> FrameLocator:
    page.goto(f"/learn/lessons/{stage.ids['lesson']}")
    return page.frame_locator("#player")


def test_a_student_is_cut_off_goes_on_and_passes(stage: Stage) -> None:
    lesson_with_quiz(stage, minutes=30)
    page = stage.page()
    lesson = opened(stage, page)
    expect(lesson.get_by_role("heading", name="Wash", exact=True)).to_be_visible()
    assert_accessible(page)
    lesson.get_by_role("button", name="Start the quiz").click()
    expect(lesson.get_by_text("Time left: 29:")).to_be_visible()
    lesson.get_by_role("radio", name="Water").check()
    expect(lesson.locator("#question-1 .state")).to_have_text("Saved.")
    # The way there is closed: it says so, and nothing is lost when it opens again.
    page.context.set_offline(True)
    lesson.get_by_label("Your answer, a number").fill("20,5")
    expect(lesson.get_by_role("alert")).to_contain_text("Not saved – retrying.")
    page.context.set_offline(False)
    expect(lesson.locator("#question-4 .state")).to_have_text("Saved.", timeout=30_000)
    # By keyboard alone: steps move, places have names.
    order = {"Wet": 0, "Lather": 1, "Scrub": 2, "Rinse": 3}
    for word, at in order.items():
        for _ in range(4):
            words = lesson.locator("#question-2 .steps li > span").all_inner_texts()
            if words.index(word) <= at:
                break
            lesson.get_by_role("button", name=f"Move up: {word}").press("Enter")
    lesson.get_by_role("radio", name="Left").press("Space")
    expect(lesson.locator("#question-5 .state")).to_have_text("Saved.")
    assert_accessible(page)
    sizes = lesson.locator(".quiz button, .quiz select, .quiz .option").evaluate_all(
        "all => all.filter(one => one.offsetParent).map(one => [one.textContent, one.offsetHeight])"
    )
    assert [one for one in sizes if one[1] < 44] == []
    page.close()
    page = stage.contexts[0].new_page()
    lesson = opened(stage, page)
    expect(lesson.get_by_role("radio", name="Water")).to_be_checked()
    expect(lesson.get_by_label("Your answer, a number")).to_have_value("20,5")
    expect(lesson.get_by_role("radio", name="Left")).to_be_checked()
    lesson.get_by_label("Autoclave").select_option(label="heat")
    expect(lesson.locator("#question-3 .state")).to_have_text("Saved.")
    lesson.get_by_role("button", name="Submit the quiz").click()
    lesson.get_by_role("button", name="Submit now").click()
    expect(lesson.locator(".result summary")).to_contain_text("90% – Passed")
    expect(lesson.get_by_text("Partly right.")).to_be_visible()
    assert_accessible(page)
    lesson.locator("#end").scroll_into_view_if_needed()
    expect(lesson.locator("#standing")).to_have_text("You have completed this lesson.", timeout=15_000)
    expect(page.locator("#lesson-status")).to_contain_text("Completed")
    (attempt,) = stage.attempts()
    assert (attempt.cmi_core_lesson_status, attempt.score_pct) == ("passed", 90)
    with stage.server.database.begin() as session:
        assert len(session.scalars(select(QuizAttempt)).all()) == 1
        assert len(session.scalars(select(QuizAnswer)).all()) == 5
    assert len(stage.completions()) == 1


def test_the_pages_of_those_who_teach_can_be_used_by_all(stage: Stage) -> None:
    lesson_with_quiz(stage)
    with stage.server.database.begin() as session:
        session.get_one(User, stage.ids["instructor"]).role = Role.ADMIN
    page = stage.page("instructor")
    page.set_viewport_size(DESK)
    lesson, program = stage.ids["lesson"], stage.ids["program"]
    for path in (
        "/authoring",
        f"/programs/{program}/questions",
        f"/programs/{program}/questions/new?kind=match",
        f"/lessons/{lesson}/write/quiz/edit",
        f"/lessons/{lesson}/quiz",
        f"/lessons/{lesson}/quiz/accommodations",
    ):
        page.goto(path)
        expect(page.locator("h1")).to_be_visible()
        assert_accessible(page)
    page.goto(f"/programs/{program}/questions")
    page.get_by_role("link", name="Which first?").click()
    assert_accessible(page)
    page.get_by_role("link", name="Correct the key", exact=True).click()
    page.get_by_label("Options").fill("Water\n* Towel\nGloves")
    page.get_by_label("Why was it wrong?").fill("Towels come first here")
    page.get_by_role("button", name="See what changes").click()
    expect(page.get_by_text("0 attempts were asked this wording")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Correct the key and regrade").click()
    expect(page.get_by_text("0 attempts were regraded.")).to_be_visible()
