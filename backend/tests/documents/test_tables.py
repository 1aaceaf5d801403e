"""Lists as PDF."""

import re
from collections.abc import Callable
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.db.models import User
from tests.documents.poppler import structure, text_of
from tests.factories.school import School


def test_a_list_is_taken_out_as_pdf(
    session: Session, signed_in: Callable[[User], TestClient], tmp_path: Path
) -> None:
    school = School(session)
    for name in ("Nguyễn Thị Bích", "สมชาย Somchai", "A\u202eB #panic("):
        school.student(full_name=name)
    answer = signed_in(school.admin(full_name="Rita Boss")).get("/people?format=pdf")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    path = tmp_path / "people.pdf"
    path.write_bytes(answer.content)
    text = text_of(path, "-layout")
    assert "Nguyễn Thị Bích" in text
    assert "Somchai" in text
    assert "#panic(" in text
    assert "Rita Boss" in text
    headers = re.findall(r"TH <.*?>:.*?\"(.*?)\"", structure(path), re.DOTALL)
    assert "Name" in headers
