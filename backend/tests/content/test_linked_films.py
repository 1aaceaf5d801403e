"""Films on YouTube and Vimeo by their links. There is no network here: a page that speaks as their players do stands in
for them, at their addresses, answered by the browser’s own router."""

from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Page, expect

from app.content import service
from app.content.runtimes.linked import links
from app.content.runtimes.linked.links import FilmLink, film_at, milliseconds_of
from app.core.errors import Forbidden, Invalid
from app.core.permissions import SYSTEM
from app.db.models import ContentType
from app.school import service as policies
from tests.browser.axe import assert_accessible
from tests.content.conftest import Play, School, Stage, subject_of

YOUTUBE = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
VIMEO = "https://vimeo.com/76979871"


@pytest.mark.parametrize(
    ("address", "film"),
    [
        (YOUTUBE, FilmLink("youtube", "dQw4w9WgXcQ")),
        ("https://youtu.be/dQw4w9WgXcQ?t=4", FilmLink("youtube", "dQw4w9WgXcQ")),
        ("https://m.youtube.com/watch?list=x&v=dQw4w9WgXcQ", FilmLink("youtube", "dQw4w9WgXcQ")),
        ("https://www.youtube.com/shorts/dQw4w9WgXcQ", FilmLink("youtube", "dQw4w9WgXcQ")),
        ("https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ", FilmLink("youtube", "dQw4w9WgXcQ")),
        (VIMEO, FilmLink("vimeo", "76979871")),
        ("https://vimeo.com/76979871/abcdef12", FilmLink("vimeo", "76979871", "abcdef12")),
        ("https://player.vimeo.com/video/76979871?h=abcdef12", FilmLink("vimeo", "76979871", "abcdef12")),
        ("https://youtube.com.evil.example/watch?v=dQw4w9WgXcQ", None),
        ("https://evil.example/?v=dQw4w9WgXcQ", None),
        ("javascript:alert(1)//youtu.be/dQw4w9WgXcQ", None),
        ("https://youtu.be/dQw4w9WgXcQ%22onload", None),
        ("https://www.youtube.com/playlist?list=x", None),
        ("https://vimeo.com/channels/staffpicks", None),
        ("https://[::1", None),
        ("", None),
    ],
)
def test_which_film_an_address_leads_to(address: str, film: FilmLink | None) -> None:
    assert film_at(address) == film


def test_the_players_are_those_without_cookies() -> None:
    youtube = FilmLink("youtube", "dQw4w9WgXcQ").player("https://courses.example")
    assert youtube.startswith("https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?enablejsapi=1&")
    assert youtube.endswith("origin=https%3A%2F%2Fcourses.example")
    vimeo = FilmLink("vimeo", "76979871", "ab").player("https://courses.example")
    assert vimeo == "https://player.vimeo.com/video/76979871?dnt=1&h=ab"


@pytest.mark.parametrize(
    ("length", "milliseconds"),
    [
        ("4:05", 245_000),
        ("1:04:05", 3_845_000),
        ("90:00", 5_400_000),
        ("0:00", None),
        ("4:60", None),
        ("1:90:00", None),
        ("4", None),
        ("13:00:00", None),
        ("-1:00", None),
        ("٤:٠٥", None),
    ],
)
def test_a_length_is_minutes_and_seconds(length: str, milliseconds: int | None) -> None:
    assert milliseconds_of(length) == milliseconds


def link(school: School, address: str = YOUTUBE, length: str = "0:10") -> Any:
    school.lesson.content_type = ContentType.VIDEO
    school.session.flush()
    return service.link_film(
        school.session,
        subject_of(school.instructor),
        school.files,
        school.lesson.id,
        address=address,
        length=length,
    )


def allow(school: School, *hosts: str) -> None:
    policies.policies.add(
        school.session,
        SYSTEM,
        policies.PolicyKind.LESSON_CONTENT,
        effective_from=date(2026, 1, 1),
        values={"outside_hosts": list(hosts)},
        approved_by="Director",
        today=date(2026, 11, 26),
    )


def test_a_link_is_a_version_of_the_lesson_and_counts_like_a_film(school: School, play: Play) -> None:
    package = link(school)
    assert (package.standard, package.file_name) == ("linked", "YouTube dQw4w9WgXcQ")
    assert "www.youtube-nocookie.com is another server" in package.warnings[0]
    school.session.commit()
    played = play()
    boot = played.boot()
    assert (boot["cmi"]["length"], boot["cmi"]["host"]) == (10_000, "www.youtube-nocookie.com")
    assert list(boot["outside"]) == ["www.youtube-nocookie.com"]
    assert boot["address"].startswith("https://www.youtube-nocookie.com/embed/")
    # A forged report gains no more than the clock allows.
    answer = played.send({"seq": 1, "cmi": {"seen": [[0, 10_000]], "place": 10_000, "seconds": 10}})
    assert answer.json()["complete"] is False
    assert link(school, VIMEO).version == 2


def test_a_student_adds_none_and_other_addresses_are_refused_all_at_once(school: School) -> None:
    with pytest.raises(Invalid) as refused:
        link(school, "https://example.org/film.mp4", "ten minutes")
    assert [one.field for one in refused.value.errors] == ["address", "length"]
    with pytest.raises(Forbidden):
        service.link_film(
            school.session,
            subject_of(school.student),
            school.files,
            school.lesson.id,
            address=YOUTUBE,
            length="1:00",
        )
    school.lesson.content_type = ContentType.SCORM
    school.session.flush()
    with pytest.raises(Invalid, match="is not a video lesson"):
        service.link_film(
            school.session,
            subject_of(school.instructor),
            school.files,
            school.lesson.id,
            address=YOUTUBE,
            length="1:00",
        )


def test_the_page_of_a_video_lesson_takes_a_link(school: School, signed_in: Any) -> None:
    school.lesson.content_type = ContentType.VIDEO
    school.session.commit()
    staff: TestClient = signed_in(school.instructor)
    address = f"/lessons/{school.lesson.id}"
    assert "Or a video on YouTube or Vimeo" in staff.get(f"{address}/content").text
    refused = staff.post(f"{address}/film", data={"address": "https://example.org", "length": "1"})
    assert refused.status_code == 422
    assert "Enter a YouTube or Vimeo link" in refused.text
    assert "such as 4:05" in refused.text
    assert staff.post(f"{address}/film", data={"address": VIMEO, "length": "4:05"}).status_code == 303
    assert "Vimeo 76979871" in staff.get(f"{address}/content").text
    answer = staff.post(f"/api/v1{address}/film", json={"address": YOUTUBE, "length": "4:05"})
    assert (answer.status_code, answer.json()["version"]) == (201, 2)


STAND_IN = """<!doctype html><title>Stand-in</title><button id="play">Play</button><script>
const isTube = location.hostname.includes('youtube');
const start = Number(new URLSearchParams(location.search).get('start') ?? /t=(\\d+)/.exec(location.hash)?.[1] ?? 0);
let at = start, to = null, heard = false;
const say = message => to?.postMessage(JSON.stringify(message), '*');
addEventListener('message', event => {
  const asked = JSON.parse(event.data);
  to = event.source;
  if (heard) return;
  heard = true;
  const info = { currentTime: at, duration: 4, playerState: 5, playbackRate: 1 };
  if (isTube) say({ event: 'initialDelivery', info });
  else say({ method: 'getDuration', value: 4 });
});
document.getElementById('play').onclick = () => {
  if (isTube) say({ event: 'onStateChange', info: 1 }); else say({ event: 'play', data: { seconds: at, duration: 4 } });
  const timer = setInterval(() => {
    at = Math.min(at + 0.25, 4);
    if (isTube) say({ event: 'infoDelivery', info: { currentTime: at } });
    else say({ event: 'timeupdate', data: { seconds: at, duration: 4 } });
    if (at < 4) return;
    clearInterval(timer);
    if (isTube) say({ event: 'infoDelivery', info: { playerState: 0 } }); else say({ event: 'ended', data: {} });
  }, 250);
};
</script>"""


def served(stage: Stage, address: str, *, allowed: bool) -> Page:
    with stage.server.database.begin() as session:
        school = stage._school(session)
        link(school, address, "0:04")
        if allowed:
            allow(school, *links.HOSTS.values())
    page = stage.page()
    for host in links.HOSTS.values():
        page.route(f"https://{host}/**", lambda route: route.fulfill(content_type="text/html", body=STAND_IN))
    return page


@pytest.mark.browser
@pytest.mark.parametrize("address", [YOUTUBE, VIMEO])
def test_a_film_of_another_server_is_watched_and_completes_the_lesson(stage: Stage, address: str) -> None:
    page = served(stage, address, allowed=True)
    page.goto(f"/learn/lessons/{stage.ids['lesson']}")
    lesson = page.frame_locator("#player")
    expect(lesson.locator("#progress")).to_have_text("0% watched.")
    assert_accessible(page)
    lesson.frame_locator("#film").get_by_role("button", name="Play").click()
    expect(lesson.locator("#progress")).to_have_text("Completed. 100% watched.", timeout=20_000)
    expect(page.locator("#lesson-status")).to_contain_text("Completed")
    assert len(stage.completions()) == 1
    assert lesson.locator("#problem").is_hidden()


@pytest.mark.browser
def test_a_film_that_is_not_allowed_says_so(stage: Stage) -> None:
    page = served(stage, YOUTUBE, allowed=False)
    page.goto(f"/learn/lessons/{stage.ids['lesson']}")
    lesson = page.frame_locator("#player")
    expect(lesson.get_by_role("alert")).to_contain_text(
        "www.youtube-nocookie.com, which your school has not allowed"
    )
    assert lesson.locator("#film").is_hidden()


@pytest.mark.browser
def test_a_film_whose_server_does_not_answer_says_so(stage: Stage) -> None:
    page = served(stage, VIMEO, allowed=True)
    page.route("https://player.vimeo.com/**", lambda route: route.abort())
    page.clock.install()
    page.goto(f"/learn/lessons/{stage.ids['lesson']}")
    lesson = page.frame_locator("#player")
    expect(lesson.locator("#progress")).to_have_text("0% watched.")
    page.clock.fast_forward(20_000)
    expect(lesson.get_by_role("alert")).to_contain_text("player.vimeo.com does not answer.")
