"""Files: the store that keeps them (`store`), who relies on them (`claims`), and what goes in the end (`sweep`).

A file stays unless its owner gives it up. Whoever puts a file claims it in the transaction that relies on it, and
releases it when nothing does any more; which rooms there are is none of this package's business.
"""

from app.core.files.store import (
    FileMissing,
    FileStore,
    KeptFile,
    LocalStore,
    S3Store,
    StoredFile,
    open_store,
    resize,
)

__all__ = [
    "FileMissing",
    "FileStore",
    "KeptFile",
    "LocalStore",
    "S3Store",
    "StoredFile",
    "open_store",
    "resize",
]
