"""What few requests need is loaded by those, and weighs in no process before."""

import subprocess
import sys
from threading import Thread

import pytest

from app.core.later import later

NOT_AT_THE_START = (
    "PIL", "OpenSSL", "alembic", "boto3", "botocore", "cbor2", "hypothesis", "openbadgeslib", "prometheus_client",
    "pyasn1", "pyhanko", "pyld", "pyrage", "pytest", "python_calamine", "segno", "typst",
    "webauthn", "xlsxwriter", "zstandard",
)  # fmt: skip


def test_the_start_loads_none_of_them() -> None:
    code = (
        "import sys; import app.main, app.ops.lifecycle, app.ops.doctor.examination;"
        " from app.ops.worker import import_tasks; import_tasks(); from app.web.render import compile_templates;"
        f" compile_templates(); print(*[name for name in {NOT_AT_THE_START!r} if name in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []


def test_it_is_the_module_or_the_thing_in_it() -> None:
    words, wrap = later("textwrap"), later("textwrap", "fill")
    assert words.fill("a b", 1) == wrap("a b", 1) == "a\nb"
    with pytest.raises(AttributeError):
        _ = words.nothing_of_the_kind
    with pytest.raises(ModuleNotFoundError):
        _ = later("no_such_library").anything


def test_threads_that_need_it_at_once_all_have_it() -> None:
    sys.modules.pop("colorsys", None)
    colors = later("colorsys")
    found: list[float] = []
    threads = [Thread(target=lambda: found.append(colors.rgb_to_hsv(1, 0, 0)[1])) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found == [1.0] * 8
