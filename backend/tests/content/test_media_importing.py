"""Films, recordings and documents at the door: by their bytes, whole, and all faults at once."""

import contextlib
import io
import struct

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.content import service
from app.content.packages.media import kinds, mp4, pdfs, sounds, webm
from app.content.packages.media_types import media_type_of
from app.core.errors import Invalid
from app.db.models import ContentFile, ContentPackage, ContentType
from tests.content.conftest import School, subject_of
from tests.factories.media import captions, media
from tests.factories.packages import course, zipped
from tests.factories.pdfs import pdf, written

WORDS = captions((1, 3, "Wet your hands."), (4, 6, "Rinse."))
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 80


def upload(
    school: School, name: str, data: bytes, *beside: tuple[str, bytes], kind: str = "video"
) -> ContentPackage:
    school.lesson.content_type = ContentType(kind)
    return service.import_package(
        school.session,
        subject_of(school.instructor),
        school.files,
        school.lesson.id,
        io.BytesIO(data),
        file_name=name,
        max_bytes=10**9,
        beside=[(other, io.BytesIO(content)) for other, content in beside],
    )


@pytest.mark.parametrize(
    ("name", "kind", "standard", "length"),
    [
        ("film.mp4", "video", "video", 12_000),
        ("film.webm", "video", "video", 12_008),
        ("talk.mp3", "video", "audio", 6_087),
        ("talk.m4a", "video", "audio", 6_000),
        ("talk.ogg", "video", "audio", 6_000),
    ],
)
def test_what_an_upload_is_its_bytes_say(
    school: School, name: str, kind: str, standard: str, length: int
) -> None:
    package = upload(school, name, media(name), kind=kind)
    (item,) = package.manifest["items"]
    assert (package.standard, item["path"], item["details"]["milliseconds"]) == (standard, name, length)
    (row,) = school.session.scalars(select(ContentFile).where(ContentFile.package_id == package.id))
    assert row.sha256 == package.sha256
    assert school.files.read_bytes(row.sha256) == media(name)


def test_a_film_comes_with_captions_chapters_and_a_poster_loose_or_in_a_zip(school: School) -> None:
    beside = [("f.es.vtt", WORDS), ("f.vtt", WORDS), ("f.chapters.vtt", WORDS), ("f.png", PNG)]
    loose = upload(school, "C:\\f.mp4", media("film.mp4"), *beside)
    packed = upload(
        school, "f.zip", zipped({"lesson/f.mp4": media("film.mp4"), **{f"lesson/{n}": d for n, d in beside}})
    )
    for package in (loose, packed):
        details = package.manifest["items"][0]["details"]
        assert {one["language"]: one["path"] for one in details["captions"]} == {
            "es": "f.es.vtt",
            "en": "f.vtt",
        }
        assert (details["chapters"], details["poster"]) == ("f.chapters.vtt", "f.png")
    assert (loose.version, packed.version, loose.title) == (1, 2, "f")


def test_a_document_has_pages(school: School) -> None:
    package = upload(school, "Infection_control.pdf", pdf("One", "Two", "Three"), kind="document")
    assert (package.standard, package.title) == ("document", "Infection control")
    assert package.manifest["items"][0]["details"] == {"pages": 3}


def _pdf_with(change: object, **options: object) -> bytes:
    document = pikepdf.open(io.BytesIO(pdf("One")))
    change(document)  # type: ignore[operator]
    out = io.BytesIO()
    document.save(out, **options)  # type: ignore[arg-type]
    return out.getvalue()


def _nothing(_document: pikepdf.Pdf) -> None:
    pass


def _vtt(text: bytes, head: bytes = b"WEBVTT\n") -> tuple[tuple[str, bytes]]:
    return (("a.vtt", head + text),)


_SCRIPT = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
_ON_OPENING = pikepdf.Dictionary(O=_SCRIPT)


@pytest.mark.parametrize(
    ("name", "data", "beside", "sentence"),
    [
        ("f.mp4", b"", (), "f.mp4: The file is empty"),
        ("f.mp4", media("film.mp4")[:9_000], (), "f.mp4: The file is incomplete"),
        ("f.mp4", media("film.webm"), (), "is named .mp4 and is a WebM file"),
        ("f.mp4", pdf("One"), (), "is named .mp4 and is a PDF file"),
        ("f.pdf", media("film.mp4"), (), "is named .pdf and is an MP4 file"),
        ("f.mp4", b"MZ\x90\0 a program", (), "This is not an MP4 file"),
        ("f.mp4", b"\0\0\0\x10ftypisom" + b"\0" * 4 + b"\0\0\0\x08free", (), "no index"),
        ("f.webm", media("film.webm")[:9_000], (), "f.webm: The file is incomplete"),
        ("f.mp3", b"ID3" + b"\0" * 300, (), "no sound in the file"),
        ("f.ogg", media("talk.ogg")[:-20], (), "f.ogg: The file is incomplete"),
        ("f.mp4", media("film.mp4"), _vtt(b"\n00:05.000 --> 00:04.000\nHi"), "Line 3: the cue ends before"),
        ("f.mp4", media("film.mp4"), _vtt(b"\n1\n00:05 --> 00:06.000\nHi"), "Line 4: “00:05 --> 00:06.000” is not"),
        ("f.mp4", media("film.mp4"), _vtt(b"\n00:50.000 --> 00:54.000\nHi"), "Line 3: the cue begins after"),
        ("f.mp4", media("film.mp4"), _vtt(b"1\n00:00:01,000 -->", b""), "Line 1: the file does not begin"),
        ("f.mp4", media("film.mp4"), _vtt(b"\n\xff"), "Line 3: this is not UTF-8"),
        ("f.mp4", media("film.mp4"), (("g.mp4", media("film.mp4")),), "one video, recording or document"),
        ("f.mp4", media("film.mp4"), (("a.docx", b"PK\x03\x04"),), "a.docx: This is not a file of a kind"),
        ("f.mp4", media("film.mp4"), _vtt(b"\n" + b"9" * 4_301 + b":00:01.000 --> 00:02.000\nHi"), "Line 3: “999"),
        ("f.mp4", media("film.mp4"), (("f.nl.vtt", WORDS),), "f.nl.vtt: The name says the language “nl”"),
        ("f.zip", zipped({"f.mp4": media("film.mp4"), "f.srt": b"1\n"}), (), "f.srt: This is not a file of a kind"),
        ("f.mp3", media("talk.mp3")[:-2_000], (), "f.mp3: The file is incomplete"),
        ("f.mp3", media("talk.mp3") + b"\1" * 70_000 + media("talk.mp3"), (), "contains something that is not audio"),
        ("f.pdf", pdf("One")[:150], (), "damaged or incomplete"),
        ("f.pdf", pdf("One"), (("a.vtt", WORDS),), "has neither captions"),
        ("f.pdf", _pdf_with(_nothing, encryption=pikepdf.Encryption(owner="o", user="u")), (), "a password"),
        ("f.pdf", _pdf_with(lambda d: setattr(d.Root, "OpenAction", _SCRIPT)), (), "runs JavaScript"),
        ("f.pdf", _pdf_with(lambda d: setattr(d.pages[0].obj, "AA", _ON_OPENING)), (), "runs JavaScript"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_with_its_name_and_reason(
    school: School, name: str, data: bytes, beside: tuple[tuple[str, bytes], ...], sentence: str
) -> None:
    with pytest.raises(Invalid) as refused:
        upload(school, name, data, *beside, kind="document" if name.endswith("pdf") else "video")
    said = [refused.value.detail, *(f"{fault.field}: {fault.message}" for fault in refused.value.errors)]
    assert any(sentence in one for one in said), said
    assert school.session.scalar(select(ContentPackage.id)) is None


def test_all_faults_are_said_at_once(school: School) -> None:
    wrong = b"WEBVTT\n\n00:05.000 --> 00:04.000\nA\n\nno time\nB\n"
    with pytest.raises(Invalid, match="There are 4 faults") as refused:
        upload(school, "f.mp4", media("film.mp4")[:500], ("a.vtt", wrong), ("b.png", b"GIF89a"))
    assert [fault.field for fault in refused.value.errors] == ["b.png", "f.mp4", "a.vtt", "a.vtt"]


@pytest.mark.parametrize(
    ("kind", "name", "data", "sentence"),
    [
        ("scorm", "f.mp4", media("film.mp4"), "is a course package lesson. Change its kind to video"),
        ("video", "f.pdf", pdf("One"), "is a video lesson. Change its kind to document"),
        ("document", "f.zip", course(), "is a document lesson. Change its kind to course package"),
    ],
)
def test_what_is_uploaded_is_of_the_lessons_kind(
    school: School, kind: str, name: str, data: bytes, sentence: str
) -> None:
    with pytest.raises(Invalid, match=sentence):
        upload(school, name, data, kind=kind)


@given(st.sampled_from(["film.mp4", "film.webm", "talk.mp3", "talk.ogg"]), st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_file_is_read_or_refused_and_nothing_else(name: str, data: st.DataObject) -> None:
    whole = bytearray(media(name))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, min(len(whole) - 1, 3_000)))] = data.draw(st.integers(0, 255))
    whole = whole[: data.draw(st.integers(1, len(whole)))]
    read = {"mp4": mp4.examine, "webm": webm.examine, "mp3": sounds.examine_mp3, "ogg": sounds.examine_ogg}
    at = data.draw(st.integers(1, len(whole)))
    try:
        found = read[kinds.ending_of(name)]([bytes(whole[:at]), bytes(whole[at:])], len(whole))
    except Invalid:
        return
    assert found.length > 0


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_pdf_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    whole = bytearray(pdf("One", "Two"))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Invalid):
        assert pdfs.pages_in([bytes(whole)]) >= 1


def test_a_recording_may_be_joined_of_several_with_tags_between_and_behind() -> None:
    talk = media("talk.mp3")
    picture = b"ID3\4\0\0\0\x06\0\0" + b"\xff\xfb" * (98_304 // 2)
    ape_size = 80_000
    ape = b"APETAGEX" + (2_000).to_bytes(4, "little") + ape_size.to_bytes(4, "little") + b"\1\0\0\0\0\0\0\xa0"
    ape += b"\0" * 8 + b"\7" * ape_size
    alone = sounds.examine_mp3([talk], len(talk)).length
    joined = talk + picture + talk + ape + b"TAG" + b"\0" * 125
    assert abs(sounds.examine_mp3([joined], len(joined)).length - 2 * alone) <= 1
    for short in (talk[:-2_000], talk + talk[:-2_000], talk[:-2_000] + picture + talk):
        with pytest.raises(Invalid):
            sounds.examine_mp3([short], len(short))


def test_a_film_with_a_scale_beyond_all_measure_is_refused() -> None:
    for size in (9, 130):
        scale = b"\x2a\xd7\xb1" + (0x4000 | size).to_bytes(2) + b"\xff" * size
        body = scale + b"\x44\x89\x88" + struct.pack(">d", 1.0)
        film = b"\x15\x49\xa9\x66" + (0x4000 | len(body)).to_bytes(2) + body + b"\x1f\x43\xb6\x75\x80"
        with pytest.raises(Invalid, match="damaged"):
            webm.examine([film], len(film))


def test_every_kind_of_film_recording_or_document_is_served_as_what_it_is() -> None:
    unknown = media_type_of("x.unknown")
    endings = [ending for kind in kinds.KINDS for ending in kind.endings]
    assert [one for one in endings if media_type_of(f"f.{one}") == unknown] == []
    assert media_type_of("talk.opus") == "audio/ogg"


def _indirectly(place: str, value: object) -> bytes:
    """A PDF with something behind a reference, at the last of the keys, all of whose dictionaries are behind some."""

    def change(document: pikepdf.Pdf) -> None:
        *keys, last = place.split()
        holder: object = {"Root": document.Root, "Page": document.pages[0].obj}[keys.pop(0)]
        for key in keys:
            inner = pikepdf.Array([]) if key == "/Annots" else pikepdf.Dictionary()
            holder[key] = document.make_indirect(inner)  # type: ignore[index]
            holder = holder[key]  # type: ignore[index]
            if key == "/Annots":
                holder.append(document.make_indirect(pikepdf.Dictionary(Subtype=pikepdf.Name.Link)))  # type: ignore[attr-defined]
                holder = holder[0]  # type: ignore[index]
        holder[last] = document.make_indirect(value)  # type: ignore[index]

    return _pdf_with(change)


@pytest.mark.parametrize(
    "place",
    ["Root /OpenAction", "Root /AA /WC", "Root /OpenAction /Next", "Root /Names /JavaScript", "Page /AA /O",
     "Page /Annots /A", "Page /Annots /A /Next", "Page /Annots /AA /E"],
)  # fmt: skip
def test_a_script_behind_references_is_found_and_what_is_none_is_let_in(place: str) -> None:
    script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    with pytest.raises(Invalid, match="JavaScript"):
        pdfs.pages_in([_indirectly(place, script)])
    if "/JavaScript" not in place:
        away = pikepdf.Dictionary(S=pikepdf.Name.URI, URI="https://example.org")
        assert pdfs.pages_in([_indirectly(place, away)]) == 1
    assert pdfs.pages_in([_indirectly("Root /Names /Dests", pikepdf.Dictionary())]) == 1


@pytest.mark.parametrize("key", ["Kids", "Next"])
def test_a_small_pdf_that_is_endless_is_refused(key: str) -> None:
    # Each level refers to the next one twice: fifty levels are 2^50 ends, and not one page at any of them.
    levels = [f"<</S/GoTo/{key}[{5 + n} 0 R {5 + n} 0 R]>>" for n in range(50)]
    page = "<</Type/Page/S/GoTo/MediaBox[0 0 9 9]>>"
    catalog = (
        "<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R>>" if key == "Next" else "<</Type/Catalog/Pages 4 0 R>>"
    )
    endless = written([catalog, "<</Type/Pages/Count 1/Kids[3 0 R]>>", page, *levels, "<</S/GoTo/Kids[]>>"])
    with pytest.raises(Invalid, match="never end"):
        pdfs.pages_in([endless])


def test_pdfs_whose_pages_go_round_in_a_circle_are_refused() -> None:
    looped = pdf("One").replace(b"Kids[4 0 R]", b"Kids[2 0 R]")
    with pytest.raises(Invalid, match="damaged"):
        pdfs.pages_in([looped])
