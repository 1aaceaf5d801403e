"""The description of an exported lesson in the words of each standard."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import quote
from xml.sax.saxutils import escape as _escape

_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Described:
    """What a manifest says."""

    identity: str
    """An IRI of the lesson, the same for all its versions."""
    lesson_id: int
    version: int
    title: str
    files: Sequence[str]
    """Names of everything in the package but its manifest."""
    pass_percent: int | None
    """None for a lesson without a quiz."""


def scorm12(lesson: Described) -> str:
    """imsmanifest.xml of SCORM 1.2.

    It names no mastery score: a learning system that has one judges by the score alone, and this lesson has to be read
    as well.
    """
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="lesson-{lesson.lesson_id}" version="{lesson.version}"
  xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2" xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2">
  <metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata>
  <organizations default="organization">
    <organization identifier="organization">
      <title>{_title(lesson)}</title>
      <item identifier="lesson" identifierref="page" isvisible="true"><title>{_title(lesson)}</title></item>
    </organization>
  </organizations>
  <resources>
    <resource identifier="page" type="webcontent" adlcp:scormtype="sco" href="index.html">
{_files(lesson)}
    </resource>
  </resources>
</manifest>
"""


def scorm2004(lesson: Described) -> str:
    """imsmanifest.xml of SCORM 2004, 4th edition. The pass mark is the objective's."""
    measured = (
        ""
        if lesson.pass_percent is None
        else f"""
            <imsss:primaryObjective objectiveID="quiz" satisfiedByMeasure="true">
              <imsss:minNormalizedMeasure>{_share(lesson.pass_percent)}</imsss:minNormalizedMeasure>
            </imsss:primaryObjective>"""
    )
    objectives = (
        f"\n          <imsss:objectives>{measured}\n          </imsss:objectives>" if measured else ""
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="lesson-{lesson.lesson_id}" version="{lesson.version}"
  xmlns="http://www.imsglobal.org/xsd/imscp_v1p1" xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_v1p3"
  xmlns:imsss="http://www.imsglobal.org/xsd/imsss">
  <metadata><schema>ADL SCORM</schema><schemaversion>2004 4th Edition</schemaversion></metadata>
  <organizations default="organization">
    <organization identifier="organization">
      <title>{_title(lesson)}</title>
      <item identifier="lesson" identifierref="page" isvisible="true">
        <title>{_title(lesson)}</title>
        <imsss:sequencing>{objectives}
          <imsss:deliveryControls completionSetByContent="true" objectiveSetByContent="true"/>
        </imsss:sequencing>
      </item>
      <imsss:sequencing><imsss:controlMode choice="true" flow="true"/></imsss:sequencing>
    </organization>
  </organizations>
  <resources>
    <resource identifier="page" type="webcontent" adlcp:scormType="sco" href="index.html">
{_files(lesson)}
    </resource>
  </resources>
</manifest>
"""


def cmi5(lesson: Described) -> str:
    """cmi5.xml with one assignable unit."""
    judged = (
        'moveOn="Completed"'
        if lesson.pass_percent is None
        else f'moveOn="CompletedAndPassed" masteryScore="{_share(lesson.pass_percent)}"'
    )
    title = f'<langstring lang="en-US">{text(lesson.title)}</langstring>'
    said = f"<title>{title}</title><description>{title}</description>"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<courseStructure xmlns="https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd">
  <course id="{text(lesson.identity)}">{said}</course>
  <au id="{text(lesson.identity)}/lesson" launchMethod="AnyWindow" {judged}>
    {said}
    <url>index.html</url>
  </au>
</courseStructure>
"""


def _title(lesson: Described) -> str:
    """The manifests of SCORM allow 200 characters."""
    return text(lesson.title[:200])


def text(value: str) -> str:
    """For XML and HTML, without what XML cannot say."""
    return _escape(_NO_XML.sub("", value), {'"': "&quot;"})


def _share(percent: int) -> str:
    return f"{(Decimal(percent) / 100).normalize():f}"


def _files(lesson: Described) -> str:
    return "\n".join(f'      <file href="{text(quote(name))}"/>' for name in lesson.files)
