"""Templates compiled for pages: they write what Jinja writes, and call fewer functions of Python on the way.

A page has some hundred calls of macros and helpers, and some five hundred values. Jinja asks of each whether it wants
the context, makes a `Markup` of each piece before it joins them, and hands each piece through every template that one
extends. Nothing of ours is a function of the context, and what is joined need not be marked as safe before: it is
escaped, and the whole is marked.
"""

from collections.abc import Callable, Iterator, MutableMapping
from functools import partial
from operator import call
from typing import Any

from jinja2 import Environment, Template, nodes
from jinja2.compiler import CodeGenerator, Frame, optimizeconst
from jinja2.runtime import Context, Macro
from jinja2.utils import missing
from markupsafe import Markup, escape
from markupsafe import _escape_inner as escaped  # type: ignore[attr-defined]

safe: Callable[[str], Markup] = partial(str.__new__, Markup)
"""Marks a text as it is."""


def written(value: Any) -> str:
    """A value as it stands in a page: escaped, unless it says that it is HTML already."""
    kind = type(value)
    if kind is Markup:
        return value  # type: ignore[no-any-return]
    if kind is str:
        # What `escape` calls for a text, before it makes a `Markup` of it.
        return escaped(value)
    return str(value) if kind is int else escape(value)


class PageMacro(Macro):
    """A macro that finds its arguments with less to do. Autoescaping is always on, so no evaluation context comes."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._left_out = [(missing,) * number for number in range(self._argument_count + 1)]
        self._ordinary = not (self.catch_varargs or self.explicit_caller)

    def __call__(self, *args: Any, **kwargs: Any) -> Markup:
        left_out = self._argument_count - len(args)
        if left_out < 0 or not self._ordinary:
            return super().__call__(*args, **kwargs)  # type: ignore[return-value]
        last: tuple[Any, ...] = ()
        if self.caller:
            caller = kwargs.pop("caller", None)
            last = (
                self._environment.undefined("No caller defined", name="caller") if caller is None else caller,
            )
        if left_out:
            args += (
                tuple([kwargs.pop(name, missing) for name in self.arguments[-left_out:]])
                if kwargs
                else self._left_out[left_out]
            )
        if self.catch_kwargs:
            last += (kwargs,)
        elif kwargs:
            raise TypeError(f"macro {self.name!r} takes no keyword argument {next(iter(kwargs))!r}")
        return safe(self._func(*args, *last))


class PageCode(CodeGenerator):
    """Calls what a template calls directly, and asks for an attribute before it asks for an item."""

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: N802
        self.write("call(")
        self.visit(node.node, frame)
        self.signature(node, frame, {"caller": "caller"} if forward_caller else None)
        self.write(")")

    @optimizeconst
    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802
        name = repr(node.attr)
        self.write("(_found if (_found := getattr(_of := ")
        self.visit(node.node, frame)
        self.write(f", {name}, missing)) is not missing else item(_of, {name}))")


class PageTemplate(Template):
    """A template whose blocks come in one piece each, instead of every piece through all that it extends."""

    @classmethod
    def _from_namespace(
        cls,
        environment: Environment,
        namespace: MutableMapping[str, Any],
        globals: MutableMapping[str, Any],  # noqa: A002
    ) -> Template:
        blocks = {name: _joined(block) for name, block in namespace["blocks"].items()}
        # Each block also as the code names it, for `super`.
        namespace.update(
            {f"block_{name}": block for name, block in blocks.items()},
            root=_joined(namespace["root"]),
            blocks=blocks,
            Macro=PageMacro,
            Markup=safe,
            call=call,
            escape=written,
            item=environment.getattr,
        )
        return super()._from_namespace(environment, namespace, globals)


def _joined(render: Callable[[Context], Iterator[str]]) -> Callable[[Context], Iterator[str]]:
    def whole(context: Context) -> Iterator[str]:
        yield "".join(render(context))

    return whole


class PageEnvironment(Environment):
    """The environment of such templates."""

    code_generator_class = PageCode
    template_class = PageTemplate
