"""Templates compiled for pages write what Jinja itself writes."""

from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment, StrictUndefined, UndefinedError
from markupsafe import Markup, escape

from app.web.compiled import PageEnvironment, written

TEMPLATES = {
    "base": "<title>{% block title %}none{% endblock %}</title>{% block body %}<p>{% endblock %}",
    "child": "{% extends 'base' %}{% import 'macros' as m %}"
    "{% block title %}{{ super() }}, {{ value }}{% endblock %}"
    "{% block body %}{% for one in [value, row.name, row.other, row] %}{{ m.cell(one, wide=loop.first) }}{% endfor %}"
    "{% call(of, n=2) m.table([1, 2], title='<b>') %}{{ of }}{{ n }}{{ value }}{% endcall %}{{ m.table([3]) }}"
    "{% set kept %}<i>{{ value }}</i>{% endset %}{{ kept }}{{ kept|upper }}{{ m.cell(kept, width=3, data_x='&') }}"
    "{{ '<' ~ value }}{{ nested.inner.name.upper() }}{{ (row.name if row else none).title() }}{% endblock %}",
    "macros": "{% macro cell(text, wide=False, unit='&') %}<td{% for k, v in kwargs.items() %} {{ k }}={{ v }}"
    "{% endfor %}>{{ text }}{{ wide }}{{ unit }}</td>{% endmacro %}"
    "{% macro table(rows, title=None) %}{{ title }}{% for row in rows %}"
    "{% if caller is defined %}{{ caller(row) }}{% else %}{{ row }}{% endif %}{% endfor %}{% endmacro %}"
    "{% macro many(first) %}{{ first }}{{ varargs|join('-') }}{% endmacro %}"
    "{% macro said(text, caller=None) %}{{ text }}{{ caller() if caller else '' }}{% endmacro %}",
    "varied": "{% import 'macros' as m %}{{ m.many(1, value, 3) }}{{ m.said(value) }}"
    "{% call m.said('a') %}<b>{% endcall %}{% include 'part' %}",
    "part": "[{{ value }}]",
    "missing": "{{ row.nothing }}",
    "no_name": "{{ nothing.at_all }}",
    "no_caller": "{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}",
    "one_too_many": "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}",
    "unknown": "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, b=2) }}",
    "twice": "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, a=2) }}",
}


class Nested:
    inner: ClassVar = {"name": "x&y"}


@cache
def made(kind: Callable[..., Environment]) -> Environment:
    return kind(loader=DictLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)


def rendered(kind: Callable[..., Environment], name: str, value: object) -> str:
    row = {"name": "a<b", "other": 1}
    return made(kind).get_template(name).render(value=value, row=row, nested=Nested())


VALUES = st.one_of(
    st.text(),
    st.integers(),
    st.booleans(),
    st.none(),
    st.floats(),
    st.text().map(escape),
    st.lists(st.text()),
    st.just(Markup("<hr>")),
)


@given(VALUES)
def test_a_value_is_written_as_jinja_writes_it(value: object) -> None:
    assert written(value) == escape(value)
    assert type(written(value)) in (str, Markup)


@given(VALUES)
def test_inheritance_macros_and_calls_write_the_same(value: object) -> None:
    for name in ("child", "varied"):
        assert rendered(PageEnvironment, name, value) == rendered(Environment, name, value)


@pytest.mark.parametrize("name", ["missing", "no_name", "no_caller", "one_too_many", "unknown", "twice"])
def test_what_is_wrong_is_an_error_as_before(name: str) -> None:
    def error(kind: Callable[..., Environment]) -> tuple[Any, str]:
        with pytest.raises((UndefinedError, TypeError)) as found:
            rendered(kind, name, "")
        return found.type, str(found.value)

    assert error(PageEnvironment) == error(Environment)
