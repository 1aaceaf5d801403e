"""Questions from GIFT: what is read, what is refused and why, and all of them or none."""

from collections.abc import Callable
from io import BytesIO

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.content.bank import importing
from app.content.bank.gift import read
from app.content.bank.lines import parse
from app.core import clock
from app.core.errors import Invalid, NotFound
from app.core.permissions import Role
from app.db.models import Question, User
from tests.content.conftest import School, subject_of
from tests.content.quizzes.conftest import planner

GOOD = """// A comment
$CATEGORY: Infection control

::Hands:: Which comes first? {=Water#yes ~Towel ~Gloves ####Water loosens the dirt.}

[markdown]Which are **barriers**? {
~%50%Gloves

~%50%Mask
~%-100%Towel
}

How many seconds? {#20:1}

From where to where? {#1..5}

What goes together? {=Autoclave -> heat =Alcohol -> wiping}

Gloves replace washing\\: {F}

[html]<p>Is 2 \\= 2&nbsp;?</p> {TRUE}
"""


def test_every_kind_that_has_one_here_is_read() -> None:
    drafts = read(GOOD)
    assert [one.problem for one in drafts] == [""] * 7
    assert [(one.line, one.kind) for one in drafts] == [
        (4, "choice"),
        (6, "multiple"),
        (13, "numeric"),
        (15, "numeric"),
        (17, "match"),
        (19, "choice"),
        (21, "choice"),
    ]
    assert drafts[0].lines == "* Water\nTowel\nGloves"
    assert drafts[0].feedback == "Water loosens the dirt."
    assert (drafts[1].prompt, drafts[1].lines) == ("Which are **barriers**?", "* Gloves\n* Mask\nTowel")
    assert (drafts[2].value, drafts[2].tolerance) == ("20", "1")
    assert (drafts[3].value, drafts[3].tolerance) == ("3", "2")
    assert drafts[4].lines == "Autoclave = heat\nAlcohol = wiping"
    assert (drafts[5].prompt, drafts[5].lines) == ("Gloves replace washing:", "True\n* False")
    assert drafts[6].prompt == "Is 2 = 2\xa0?"
    for one in drafts:
        parse(one.kind, one.lines, one.value, one.tolerance)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Write about hands. {}", "essay"),
        ("Who? {=Lister =Semmelweis}", "answer in words"),
        ("What? {=A ~%50%B}", "different parts of the points"),
        ("What? {~%80%A ~%20%B}", "different parts of the points"),
        ("What? {~A ~%50%B}", "No answer is worth full points"),
        ("The {=tooth ~gum} is white.", "middle of a sentence"),
        ("No answers at all", "no answers in braces"),
        ("{=A ~B}", "no question text"),
        ("How much? {#many}", "isn’t a number"),
        ("How much? {#5..1}", "range isn’t valid"),
        ("How much? {#=1 =%50%2}", "several answers"),
        ("[html]What? <img src=x> {=A ~B}", "can’t be imported: <img>"),
        ("[html]What? {=10<sup>x</sup> ~B}", "can’t be imported: <sup>"),
        ("[html]<![x What? {=A ~B}", "a tag without its end"),
        ("[html]What? <![x> {=A ~B}", "HTML"),
        ("What? {=<b>A</b> ~B}", "HTML tags"),
        ("How much? {#=%50%2:0}", "worth a part of the points"),
        ("How much? {#=2:0 ~3}", "several answers"),
        ("What? {A ~B}", "begin with neither"),
        ("What? {=*A ~B}", "asterisk"),
    ],
)
def test_what_has_no_meaning_here_is_refused_with_its_line(text: str, why: str) -> None:
    (draft,) = read(f"\n\n{text}\n")
    assert draft.line == 3
    assert why in draft.problem


# As Moodle 4 writes what its editor made.
MOODLE = r"""// question: 12  name: Hands
::Hands::[html]<p dir\="ltr" style\="text-align\: left;">Which comes <b>first</b>?<br></p>{
	=<p>Water &amp; soap</p>#<p>Yes</p>
	~<p>10<sup>3</sup> towels</p>
	####<p>Water <i>loosens</i> the dirt.</p>
}


// question: 13  name: Seconds
::Seconds::[html]<p>How many seconds?</p>{#
	=%100%12:0.1#
	~#<p>Count again.</p>
}


// question: 14  name: Barriers
::Barriers::[html]<p>Which are barriers?</p>{
	~%50%<p>Gloves</p>
	~%50%[plain]Mask <3
	~%-100%<p>Towel</p>
}


// question: 15  name: Pairs
::Pairs::[html]<p>What goes together?</p>{
	=<p>Autoclave</p> -> heat
	=<p>Alcohol</p> -> wiping
}
"""


def test_what_moodle_exports_is_read() -> None:
    drafts = read(MOODLE)
    assert [one.problem for one in drafts] == [""] * 4
    hands, seconds, barriers, pairs = drafts
    assert (hands.prompt, hands.lines) == ("Which comes first?", "* Water & soap\n10³ towels")
    assert hands.feedback == "Water loosens the dirt."
    assert (seconds.kind, seconds.value, seconds.tolerance) == ("numeric", "12", "0.1")
    assert (barriers.kind, barriers.lines) == ("multiple", "* Gloves\n* Mask <3\nTowel")
    assert pairs.lines == "Autoclave = heat\nAlcohol = wiping"


def test_comparisons_are_no_tags_and_a_backslash_is_one() -> None:
    (draft,) = read(r"Which holds? {=x<y and 3>2 ~x<b and c>2 ~C\\\: \\n}")
    assert draft.lines == "* x<y and 3>2\nx<b and c>2\nC\\: \\n"


@given(st.text(alphabet=st.sampled_from("ab<>/!&;#-[]=\"' psu"), max_size=80))
def test_no_html_breaks_it(text: str) -> None:
    for draft in read(f"[html]What? {text} {{=A ~B}}"):
        assert draft.problem or draft.kind


@pytest.mark.parametrize("sign", ["\x01", "\x1b"])
@pytest.mark.parametrize(
    "text", ["Wh{0}at? {{=A ~B}}", "What? {{=A{0} ~B}}", "What? {{=A ~B ####be{0}cause}}"]
)
def test_a_control_character_is_a_problem_of_its_question(school: School, text: str, sign: str) -> None:
    (draft,) = importing.look(school.session, planner(school), school.program.id, text.format(sign))
    assert draft.problem.endswith(".")


def test_a_question_that_never_ends_is_refused_and_costs_little() -> None:
    (draft,) = read("What? {=A\n\n" + "~" + "<a\n\n" * 20_000)
    assert "more than 30,000 characters" in draft.problem


def test_what_was_retired_is_not_written_twice(school: School) -> None:
    importing.take(school.session, planner(school), school.files, school.program.id, "What? {=A ~B}")
    school.session.scalars(select(Question)).one().retired_at = clock.now()
    school.session.flush()
    (draft,) = importing.look(school.session, planner(school), school.program.id, "What? {=A ~B}")
    assert draft.problem == "The bank has this question already."


@given(st.text(alphabet=st.sampled_from("ab {}=~#:%->.\\\n/$*0123[]"), max_size=120))
def test_no_text_breaks_it(text: str) -> None:
    for draft in read(text):
        assert draft.problem or draft.kind


def test_all_problems_are_named_and_nothing_is_stored(school: School) -> None:
    text = "Same? {=A ~B}\n\nSame? {=A ~B}\n\nTwice? {=A ~A}\n\nFine? {=A ~B}"
    drafts = importing.look(school.session, planner(school), school.program.id, text)
    assert [one.problem for one in drafts] == [
        "",
        "The question in line 1 asks the same.",
        "“A” is listed twice.",
        "",
    ]
    with pytest.raises(Invalid, match="2 of the 4 questions"):
        importing.take(school.session, planner(school), school.files, school.program.id, text)
    assert school.session.scalar(select(func.count()).select_from(Question)) == 0
    with pytest.raises(NotFound):
        importing.look(school.session, subject_of(school.instructor), school.program.id, text)
    for nothing in ("", "// only a comment"):
        with pytest.raises(Invalid, match="no question"):
            importing.look(school.session, planner(school), school.program.id, nothing)


def test_the_page_shows_first_and_imports_what_it_has_shown(
    school: School, signed_in: Callable[[User], TestClient]
) -> None:
    school.instructor.role = Role.ADMIN
    client = signed_in(school.instructor)
    address = f"/programs/{school.program.id}/questions/import/new"

    def stored() -> int:
        return school.session.scalar(select(func.count()).select_from(Question)) or 0

    file = {"file": ("questions.gift", BytesIO(GOOD.encode()), "text/plain")}
    shown = client.post(address, data={"text": ""}, files=file)
    assert shown.status_code == 200
    assert "All 7 questions can be imported" in shown.text
    assert stored() == 0
    seen = shown.text.partition('name="seen" value="')[2][:64]
    # Changed since: shown again.
    assert client.post(address, data={"text": GOOD + "\nMore? {=A ~B}", "seen": seen}).status_code == 200
    assert stored() == 0
    assert client.post(address, data={"text": GOOD, "seen": seen}).status_code == 303
    assert stored() == 7
    # Sent again, everything is there already.
    again = client.post(address, data={"text": GOOD, "seen": seen})
    assert "The bank has this question already." in again.text
    assert stored() == 7
    for data in (b"\xff\xfe\x00x", b"\x00", b"PK\x03\x04\xff"):
        bad = client.post(address, data={"text": ""}, files={"file": ("q.gift", BytesIO(data), "text/plain")})
        assert bad.status_code == 422, data
