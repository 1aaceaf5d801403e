"""Libraries that few requests need, loaded with their first use and not with the program.

What the program has loaded weighs in every process, whether it is used or not. To be written where the library is
imported, so that the types are known and the rest of the module reads as ever:

    if TYPE_CHECKING:
        from PIL import Image
    else:
        Image = later("PIL.Image")
"""

from importlib import import_module
from typing import Any


class later:  # noqa: N801 - stands in for a module, whose names are small
    """A module, or one thing of it, that is imported when it is first looked into or called."""

    def __init__(self, module: str, name: str | None = None) -> None:
        self._module, self._name = module, name

    def _found(self) -> Any:
        # Python's own locks see to it that two threads load it once.
        module = import_module(self._module)
        return getattr(module, self._name) if self._name else module

    def __getattr__(self, name: str) -> Any:
        # Whoever looks through modules asks everything for these, and needs none of it.
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._found(), name)

    def __call__(self, *values: Any, **named: Any) -> Any:
        return self._found()(*values, **named)
