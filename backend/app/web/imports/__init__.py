"""Imports: one description of a row serves the upload, the mapping of columns, the check, the import and its undoing.

A room describes its records and registers them:

    imports.register(ImportKind("people", "People", "people", fields=(…), check=…, insert=…, undo=…))
"""

from app.web.imports.description import Fault, Field, ImportKind, Made, Row, register, register_actor

__all__ = ["Fault", "Field", "ImportKind", "Made", "Row", "register", "register_actor"]
