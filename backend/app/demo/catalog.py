"""What the demo school teaches: 3 programs, 12 modules, 60 lessons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from decimal import Decimal

SCORM, VIDEO, DOCUMENT = "scorm", "video", "document"

_CDC = "https://www.cdc.gov/dental-infection-control/"
_HANDS = "https://www.cdc.gov/clean-hands/"
_OSHA = "https://www.osha.gov/bloodborne-pathogens"
_OSHA_CHEMICALS = "https://www.osha.gov/hazcom"
_OSHA_FILMS = "https://www.osha.gov/video"
_EPA = "https://www.epa.gov/eg/dental-effluent-guidelines"
_FDA = "https://www.fda.gov/radiation-emitting-products"
_HIPAA = "https://www.hhs.gov/hipaa/for-professionals/index.html"
_NIDCR = "https://www.nidcr.nih.gov/health-info"
_MEDLINE = "https://medlineplus.gov/dentalhealth.html"
_ANATOMY_FILMS = "https://medlineplus.gov/anatomyvideos.html"
_DANB = "https://www.danb.org/"
_BOARD = "https://gbd.georgia.gov/"
_STATE = "https://gnpec.georgia.gov/"


@dataclass(frozen=True, slots=True)
class LessonPlan:
    """A lesson. `package` names a file in lessons/; a check-off is signed by an instructor, with a score."""

    title: str
    kind: str
    minutes: int
    url: str | None = None
    package: str | None = None
    check_off: bool = False


@dataclass(frozen=True, slots=True)
class ModulePlan:
    name: str
    description: str
    lessons: tuple[LessonPlan, ...]


@dataclass(frozen=True, slots=True)
class ClassTime:
    """When a class meets, Monday to Thursday, by the clock on the school's wall."""

    begins: time
    minutes: int


@dataclass(frozen=True, slots=True)
class ProgramPlan:
    name: str
    description: str
    credits: Decimal
    weeks: int
    tuition_cents: int
    clock_hours: int
    credential: str
    serial: str
    classes: tuple[ClassTime, ...]
    modules: tuple[ModulePlan, ...]
    has_externship: bool = False

    @property
    def lessons(self) -> tuple[LessonPlan, ...]:
        return tuple(lesson for module in self.modules for lesson in module.lessons)


def _read(title: str, minutes: int, url: str) -> LessonPlan:
    return LessonPlan(title, DOCUMENT, minutes, url=url)


def _watch(title: str, minutes: int, url: str) -> LessonPlan:
    return LessonPlan(title, VIDEO, minutes, url=url)


def _do(title: str, minutes: int, package: str) -> LessonPlan:
    return LessonPlan(title, SCORM, minutes, package=package)


def _check(title: str, minutes: int = 60) -> LessonPlan:
    return LessonPlan(f"Skills check-off: {title}", DOCUMENT, minutes, url=_DANB, check_off=True)


ASSISTANT = ProgramPlan(
    name="Dental Assistant Professional",
    description="Comprehensive dental assistant training: chairside assisting, infection control, radiography, the "
    "front desk, and an externship in a dental office.",
    credits=Decimal("60.00"),
    weeks=52,
    tuition_cents=1_200_000,
    clock_hours=900,
    credential="Dental Assistant Certification",
    serial="DAC",
    classes=(ClassTime(time(8, 30), 300), ClassTime(time(16, 0), 300)),
    has_externship=True,
    modules=(
        ModulePlan(
            "Infection control and safety",
            "Breaking the chain of infection, from the hands to the autoclave.",
            (
                _do("Hand hygiene", 15, "hand-hygiene"),
                _read("Personal protective equipment", 45, _CDC),
                _read("Bloodborne pathogens at work", 60, _OSHA),
                _do("Instrument reprocessing", 20, "instrument-reprocessing"),
                _check("turning over a treatment room"),
            ),
        ),
        ModulePlan(
            "Dental anatomy and charting",
            "The teeth, their surfaces and their numbers, and how findings are written down.",
            (
                _watch("The mouth and the jaws", 30, _ANATOMY_FILMS),
                _do("Tooth numbering", 15, "tooth-numbering"),
                _read("Tooth decay and gum disease", 45, _NIDCR),
                _read("Reading a dental chart", 60, _MEDLINE),
                _check("charting a full mouth"),
            ),
        ),
        ModulePlan(
            "Chairside assisting",
            "Four-handed dentistry: seating, suction, transfer, materials.",
            (
                _do("Instrument transfer", 15, "instrument-transfer"),
                _read("Positions of the clock", 30, _DANB),
                _read("Amalgam and the environment", 30, _EPA),
                _watch("Lifting and posture", 20, _OSHA_FILMS),
                _check("four-handed transfer"),
            ),
        ),
        ModulePlan(
            "Dental radiography",
            "Taking a diagnostic image with as little radiation as possible.",
            (
                _do("Radiation safety", 20, "radiation-safety"),
                _read("X-ray equipment and the law", 45, _FDA),
                _read("Paralleling and bisecting", 60, _DANB),
                _read("Infection control when taking images", 30, _CDC),
                _check("a full series on the manikin", 120),
            ),
        ),
        ModulePlan(
            "Patients, emergencies and the office",
            "Talking with patients, keeping their trust, and acting when something goes wrong.",
            (
                _do("Patient privacy at the front desk", 15, "patient-privacy"),
                _read("Hazardous chemicals and their labels", 45, _OSHA_CHEMICALS),
                _read("What a dental assistant may do in Georgia", 45, _BOARD),
                _watch("When a patient faints", 20, _ANATOMY_FILMS),
                _check("vital signs and the emergency kit"),
            ),
        ),
    ),
)

EXPANDED = ProgramPlan(
    name="Expanded Duties Dental Assistant",
    description="For working dental assistants: the duties that Georgia lets an assistant perform after "
    "further training.",
    credits=Decimal("18.00"),
    weeks=16,
    tuition_cents=390_000,
    clock_hours=240,
    credential="Expanded Duties Certificate",
    serial="EDDA",
    classes=(ClassTime(time(13, 30), 240),),
    modules=(
        ModulePlan(
            "Duties and limits",
            "What may be delegated, under which supervision, and how it is documented.",
            (
                _read("The Board's rules on expanded duties", 60, _BOARD),
                _read("Supervision and delegation", 45, _BOARD),
                _do("Privacy and documentation", 15, "patient-privacy"),
                _read("Records that stand up", 45, _HIPAA),
                _check("documenting a delegated duty"),
            ),
        ),
        ModulePlan(
            "Isolation and impressions",
            "Keeping the field dry and the impression true.",
            (
                _read("Rubber dam", 45, _DANB),
                _read("Matrices and wedges", 45, _DANB),
                _watch("Handling materials safely", 20, _OSHA_FILMS),
                _read("Impressions and bite registration", 60, _DANB),
                _check("placing a rubber dam", 90),
            ),
        ),
        ModulePlan(
            "Provisional restorations",
            "Making, fitting and cementing a provisional crown.",
            (
                _read("Provisional crowns", 60, _DANB),
                _read("Cements and liners", 45, _DANB),
                _read("Chemicals at the chair", 30, _OSHA_CHEMICALS),
                _do("Transfer and suction for two", 15, "instrument-transfer"),
                _check("a provisional crown", 120),
            ),
        ),
        ModulePlan(
            "Prevention and finishing",
            "Sealants, polishing, and sending the patient home informed.",
            (
                _read("Sealants and fluoride", 45, _NIDCR),
                _read("Polishing restorations", 45, _DANB),
                _do("Hand hygiene refreshed", 15, "hand-hygiene"),
                _read("Home care that patients keep up", 30, _MEDLINE),
                _check("sealants on the manikin", 90),
            ),
        ),
    ),
)

OFFICE = ProgramPlan(
    name="Dental Office Administration",
    description="The front desk of a dental practice: scheduling, insurance, records and the law.",
    credits=Decimal("24.00"),
    weeks=24,
    tuition_cents=540_000,
    clock_hours=360,
    credential="Dental Office Administration Certificate",
    serial="DOA",
    classes=(ClassTime(time(9, 0), 240),),
    modules=(
        ModulePlan(
            "The front desk",
            "The first and the last person a patient meets.",
            (
                _do("Patient privacy", 15, "patient-privacy"),
                _read("Scheduling that works", 60, _DANB),
                _read("Telephone and letters", 45, _MEDLINE),
                _do("Clean hands at the desk", 15, "hand-hygiene"),
                _check("a morning at the desk", 120),
            ),
        ),
        ModulePlan(
            "Insurance and accounts",
            "From the treatment plan to the paid claim.",
            (
                _do("Tooth numbers on a claim", 15, "tooth-numbering"),
                _read("Dental benefits", 60, _MEDLINE),
                _read("Procedure codes", 60, _DANB),
                _read("Accounts receivable", 45, _STATE),
                _check("a claim from start to end", 90),
            ),
        ),
        ModulePlan(
            "Records and the law",
            "What is kept, for how long, and who may see it.",
            (
                _read("HIPAA for the office", 60, _HIPAA),
                _read("Safety data sheets", 30, _OSHA_CHEMICALS),
                _watch("Emergency exits", 15, _OSHA_FILMS),
                _read("Records of a closed practice", 30, _BOARD),
                _check("answering a request for records"),
            ),
        ),
    ),
)

PROGRAMS = (ASSISTANT, EXPANDED, OFFICE)

PASSING_PCT = 80
EXTERNSHIP_HOURS = 160
EXTERNSHIP_SITES = (
    ("Peachtree Family Dentistry", "1180 Demo Street NE, Atlanta, GA 30309", "Dr. Naomi Whitfield"),
    ("Decatur Smiles", "22 Sample Avenue, Decatur, GA 30030", "Dr. Samuel Okafor"),
    ("Westside Pediatric Dental", "845 Example Road NW, Atlanta, GA 30318", "Dr. Lucía Ferrer"),
    ("Sandy Springs Oral Surgery", "9 Placeholder Parkway, Sandy Springs, GA 30328", "Dr. Harold Kim"),
    ("Marietta Dental Associates", "310 Sample Square, Marietta, GA 30060", "Dr. Priya Raman"),
    ("East Point Community Dental", "77 Demo Drive, East Point, GA 30344", "Dr. Angela Brooks"),
)
