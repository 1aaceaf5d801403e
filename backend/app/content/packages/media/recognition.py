"""Which of the uploaded files is the film, the recording or the document, and what the others are to it."""

from dataclasses import dataclass, field
from typing import Any

from app.content.packages.media import captions, kinds, mp4, pdfs, sounds, webm
from app.content.packages.media.kinds import HEAD_BYTES, PLAYED, Kind
from app.content.packages.model import Item, Manifest
from app.content.packages.package_root import is_kept
from app.content.packages.single_file import LooseFiles, SingleFile, Source
from app.core.errors import FieldError, Invalid

ITEM = "media"
VIDEO, AUDIO, DOCUMENT = "video", "audio", "document"
_ALONE = {kinds.MP4: mp4.examine, kinds.M4A: mp4.examine, kinds.WEBM: webm.examine, kinds.MP3: sounds.examine_mp3,
          kinds.OGG: sounds.examine_ogg}  # fmt: skip
_OF_COURSES = frozenset(("html", "htm", "xhtml", "xml", "json", "js", "swf"))
_LARGEST_POSTER = 5 * 1024**2


def root_of(source: Source) -> str | None:
    """The folder of the film, recording or document; None if the upload is not one with what belongs to it."""
    names = _names(source)
    if isinstance(source, LooseFiles):
        return None if isinstance(source, SingleFile) else ""
    claimed = [kinds.named(name) for name in names]
    if not any(kind is not None and kind.family in PLAYED for kind in claimed):
        return None
    # A stray file is named in the refusal; what may belong to a course leaves the zip to the other standards.
    if any(kinds.ending_of(name) in _OF_COURSES for name in names):
        return None
    folders = {name.rpartition("/")[0] for name in names}
    return f"{folders.pop()}/".removeprefix("/") if len(folders) == 1 else ""


def _names(source: Source) -> list[str]:
    return [name for name in source.entries if is_kept(name)]


@dataclass(slots=True)
class _Reading:
    """What is known of an upload so far."""

    root: str
    main: str = ""
    kind: Kind | None = None
    faults: list[FieldError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, name: str, sentence: str) -> None:
        self.faults.append(FieldError(name.removeprefix(self.root), sentence))


def manifest_of(source: Source, root: str) -> Manifest:
    """The one item that the upload is. Raises Invalid with everything that is wrong, each with its file."""
    reading = _Reading(root)
    found = {name: _kind_of(source, name, reading) for name in _names(source)}
    played = [name for name, kind in found.items() if kind is not None and kind.family in PLAYED]
    for name in played[1:]:
        reading.add(
            name, "A lesson has one video, recording or document. Upload this one to a lesson of its own."
        )
    details: dict[str, Any] = {}
    standard = VIDEO
    if played:
        reading.main = played[0]
        reading.kind = found[played[0]]
        standard, details = _main(source, reading)
    elif not reading.faults:
        name = next(iter(found), "")
        reading.add(
            name, "Choose the video, recording or document first, along with the files that belong to it."
        )
    for name, kind in found.items():
        if kind is not None and kind.family not in PLAYED:
            _companion(source, name, kind, standard, details, reading)
    if reading.faults:
        number = len(reading.faults)
        first = reading.faults[0]
        raise Invalid(
            f"{first.field}: {first.message}" if number == 1 else f"There are {number} faults in the upload.",
            errors=reading.faults,
        )
    path = reading.main.removeprefix(root)
    title = path.rpartition("/")[2].rpartition(".")[0].replace("_", " ").strip() or path
    item = Item(ITEM, title, path=path, details=details)
    return Manifest(standard, "", ITEM, title, (item,), tuple(reading.warnings))


def _kind_of(source: Source, name: str, reading: _Reading) -> Kind | None:
    if source.entries[name].size == 0:
        reading.add(name, "The file is empty. Copy or export it again.")
        return None
    head = b""
    for piece in source.stream(name):
        head += piece
        if len(head) >= HEAD_BYTES:
            break
    kind, claimed = kinds.kind_of(head[:HEAD_BYTES]), kinds.named(name)
    if claimed in (kinds.MP4, kinds.M4A) and kind in (kinds.MP4, kinds.M4A):
        return kind  # one container under two names
    if kind is None and claimed is kinds.VTT:
        return kinds.VTT  # its own reader says what is wrong, by line
    if kind is None:
        said = "a file of a kind that a lesson has" if claimed is None else f"{claimed.word} file"
        reading.add(
            name, f"This is not {said}. Upload MP4, WebM, MP3, M4A, Ogg or PDF, with captions as WebVTT."
        )
    elif claimed is not kind:
        ending = kinds.ending_of(name)
        reading.add(
            name,
            f"The file is named .{ending} and is {kind.word} file. Give it the ending .{kind.endings[0]}.",
        )
    else:
        return kind
    return None


def _main(source: Source, reading: _Reading) -> tuple[str, dict[str, Any]]:
    """The standard, and what is known of the film, recording or document."""
    name, kind = reading.main, reading.kind
    size = source.entries[name].size
    try:
        if kind is kinds.PDF:
            return DOCUMENT, {"pages": pdfs.pages_in(source.stream(name))}
        if kind is None:
            return VIDEO, {}
        found = _ALONE[kind](source.stream(name), size)
    except Invalid as refused:
        reading.add(name, refused.detail)
        return DOCUMENT if kind is kinds.PDF else VIDEO, {}
    if not found.has_picture and not found.has_sound:
        reading.add(name, "There is neither a picture nor a sound in the file.")
    for coding in dict.fromkeys(found.unplayed):
        reading.warnings.append(
            f"{name.removeprefix(reading.root)} is coded as {coding}, which many browsers do not play. "
            "Export it as H.264 with AAC."
        )
    standard = VIDEO if found.has_picture else AUDIO
    return standard, {"milliseconds": found.length, "captions": [], "chapters": None, "poster": None}


def _companion(
    source: Source, name: str, kind: Kind, standard: str, details: dict[str, Any], reading: _Reading
) -> None:
    """Captions, chapters or the poster."""
    path = name.removeprefix(reading.root)
    if standard == DOCUMENT:
        reading.add(name, "A document has neither captions nor a poster. Upload it by itself.")
    elif kind.family == "picture":
        if source.entries[name].size > _LARGEST_POSTER:
            reading.add(name, f"The poster is larger than {_LARGEST_POSTER // 1024**2} MB.")
        elif details.get("poster"):
            reading.add(name, "There is already a poster; a video has only one.")
        elif details:
            details["poster"] = path
    else:
        if source.entries[name].size > captions.MOST_BYTES:
            reading.add(name, f"The captions are larger than {captions.MOST_BYTES // 1024**2} MB.")
            return
        length = details.get("milliseconds") or 10**12
        for sentence in captions.faults_of(source.read(name, captions.MOST_BYTES), length):
            reading.add(name, sentence)
        if not details:
            return
        language = captions.language_of(path)
        if captions.is_chapters(path):
            details["chapters"] = path
        elif language not in captions.LANGUAGES:
            known = ", ".join(captions.LANGUAGES)
            reading.add(
                name,
                f"The name says the language “{language}”, which is not known here. Name the captions by one of "
                f"{known}, as in film.es.vtt.",
            )
        elif any(one["language"] == language for one in details["captions"]):
            reading.add(
                name,
                f"There are captions in {captions.LANGUAGES[language]} already; name another as in film.es.vtt.",
            )
        else:
            label = captions.LANGUAGES[language]
            details["captions"].append({"path": path, "language": language, "label": label})
