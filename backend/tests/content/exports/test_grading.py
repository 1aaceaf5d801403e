"""The browser grades as the server does: the same questions and answers, by both, in a real Chromium."""

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser

from app.content.exports import page as export_page
from app.content.quizzes.grading import exact
from app.rules import quizzes
from app.rules.quizzes import credit, number_of

pytestmark = pytest.mark.browser
IDS = list("0123456789ab")
SOME = st.lists(st.sampled_from(IDS), min_size=1, max_size=8, unique=True)
ANY = st.lists(st.sampled_from([*IDS, "x"]), max_size=9)
NUMBERS = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**6), max_value=10**6).map(str),
    st.from_regex(r"\A[+-]?\d{0,4}([.,]\d{0,4}){0,3}(e[+-]?\d{1,2})?\Z"),
    st.sampled_from(
        ["", " 12 ", "1,000", "1,000.5", "−3", "1e41", "0e50", ".5", "5.", "NaN", "1_0", "٣", "x"]
    ),
)
NUMBERS = NUMBERS.filter(lambda text: text.isascii() or text in ("−3",))
PLACES = st.integers(0, 100)
AREA = st.fixed_dictionaries(
    {
        "x": st.integers(0, 50),
        "y": st.integers(0, 50),
        "width": st.integers(1, 50),
        "height": st.integers(1, 50),
    }
)


@st.composite
def cases(draw: st.DrawFn) -> list[Any]:
    kind = draw(st.sampled_from(quizzes.KINDS))
    ids = draw(SOME)
    content: dict[str, Any] = {"options": [{"id": one, "text": one} for one in ids]}
    if kind == "choice":
        return [kind, content, {"id": ids[0]}, draw(st.sampled_from([{}, {"id": ids[0]}, {"id": "x"}]))]
    if kind == "multiple":
        right = draw(st.lists(st.sampled_from(ids), min_size=1, unique=True))
        return [kind, content, {"ids": right}, {"ids": draw(ANY)}]
    if kind == "order":
        given_ids = draw(st.one_of(ANY, st.permutations(ids)))
        return [kind, content, {"ids": ids}, {"ids": list(given_ids)}]
    if kind == "match":
        pairs = {one: draw(st.sampled_from(IDS)) for one in ids}
        return [kind, content, {"pairs": pairs}, {"pairs": {one: draw(st.sampled_from(IDS)) for one in ids}}]
    if kind == "numeric":
        value = draw(NUMBERS.filter(lambda text: number_of(text) is not None))
        off = draw(st.sampled_from(["0", "0.1", "1", "0.333"]))
        near = str(Decimal(str(number_of(value))) + draw(st.sampled_from([Decimal(off), Decimal("0.05"), 1])))
        key = {"value": str(number_of(value)), "tolerance": off}
        return [kind, {}, key, {"value": draw(st.one_of(NUMBERS, st.just(near)))}]
    areas = [{"id": one, "label": one, **draw(AREA)} for one in ids]
    point = {"x": draw(PLACES), "y": draw(PLACES)}
    return [kind, {"areas": areas}, {"ids": ids[:1]}, draw(st.sampled_from([point, {"id": ids[-1]}, {}]))]


@pytest.fixture(scope="module")
def graded(browser: Browser) -> Any:
    """`graded(cases)`: each share of the points as the page computes it, as `[numerator, denominator]`."""
    page = browser.new_page()
    parts = "\n".join(export_page._wrapped(name, {}) for name in ("exact.js", "grading.js"))
    page.evaluate(f"(async () => {{ const modules = {{}}; {parts}\nwindow.modules = modules; }})()")

    def run(these: list[list[Any]]) -> list[Fraction]:
        found = page.evaluate(
            "these => JSON.parse(these).map(one => window.modules['grading.js'].credit(...one))"
            ".map(({ n, d }) => [String(n), String(d)])",
            json.dumps(these),
        )
        return [Fraction(int(n), int(d)) for n, d in found]

    yield run
    page.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(cases(), min_size=20, max_size=40))
def test_every_answer_is_worth_the_same_there_and_here(graded: Any, these: list[list[Any]]) -> None:
    for one, found in zip(these, graded(these), strict=True):
        assert found == credit(*one), one


@pytest.mark.parametrize("points", ["0", "1", "12.3456", "0.0001", "66.66666", "99.99999"])
def test_points_are_written_rounded_down(graded: Any, browser: Browser, points: str) -> None:
    value = Fraction(Decimal(points))
    page = browser.contexts[-1].pages[-1]
    text = page.evaluate(
        "([n, d]) => window.modules['exact.js'].written({ n: BigInt(n), d: BigInt(d) })",
        [str(value.numerator), str(value.denominator)],
    )
    assert Decimal(text) == exact(value)
