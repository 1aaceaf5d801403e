"""A statement's text, packed as it is kept: a fifth of it, byte for byte the same when it is taken out.

PostgreSQL itself compresses nothing shorter than 2 KB, and one statement of 1 KB holds few repetitions. What repeats
is what all statements have in common, and that is the dictionary. It must never change: another one gets another mark.
"""

import zlib
from typing import LiteralString

MARK = b"\x01"
"""The first byte of what is packed; that of a statement's JSON is `{`."""
# What is most common stands last, where it is nearest.
_DICTIONARY = (
    b'"instructor":{"objectType":"Agent","name":"","account":{"homePage":"","name":""}},"attachments":[{"usageType":'
    b'"","display":{},"contentType":"application/octet-stream","length":0,"sha2":""}],"member":[{"objectType":"Group'
    b'","object":{"objectType":"StatementRef","id":"","response":"","extensions":{"https://w3id.org/xapi/cmi5/result'
    b'/extensions/progress":0},"interactionType":"choice","correctResponsesPattern":[""],"choices":[{"id":"","descri'
    b'ption":{"en-US":""},"https://w3id.org/xapi/cmi5/context/categories/moveon","https://w3id.org/xapi/cmi5/context'
    b'/categories/cmi5","https://w3id.org/xapi/cmi5/context/extensions/sessionid":"","category":[{"other":[{"type":"'
    b'http://adlnet.gov/expapi/activities/cmi.interaction","type":"https://w3id.org/xapi/scorm/activitytype/sco","ty'
    b'pe":"http://adlnet.gov/expapi/activities/assessment","type":"http://adlnet.gov/expapi/activities/meeting","htt'
    b'ps://w3id.org/xapi/adl/verbs/abandoned","http://adlnet.gov/expapi/verbs/answered","experienced","attempted","l'
    b'aunched","suspended","resumed","voided","failed","scored","terminated","progressed","initialized","attended","'
    b'mbox":"mailto:","mbox_sha1sum":"","openid":"https://","version":"1.0.0","duration":"PT1H30M","actor":{"account'
    b'":{"homePage":"https://","name":"1"},"name":"","objectType":"Agent"},"verb":{"id":"http://adlnet.gov/expapi/ve'
    b'rbs/passed","display":{"en-US":"passed"}},"result":{"score":{"scaled":0.85,"raw":85,"min":0,"max":100},"succes'
    b's":true,"completion":true,"duration":"PT12M30S"},{"id":"00000000-0000-4000-8000-000000000000","actor":{"object'
    b'Type":"Agent","name":"Student","account":{"homePage":"http://localhost:8000","name":"1"}},"verb":{"id":"http:/'
    b'/adlnet.gov/expapi/verbs/completed","display":{"en-US":"completed"}},"object":{"objectType":"Activity","id":"h'
    b'ttps://localhost:8000/lessons/1","definition":{"name":{"en-US":"Lesson"},"type":"http://adlnet.gov/expapi/acti'
    b'vities/lesson"}},"context":{"platform":"AADA LMS","language":"en-US","registration":"","contextActivities":{"p'
    b'arent":[{"objectType":"Activity","id":"https:///modules/1","definition":{"name":{"en-US":"Module"},"type":"htt'
    b'p://adlnet.gov/expapi/activities/module"}}],"grouping":[{"objectType":"Activity","id":"/programs/1","definitio'
    b'n":{"name":{"en-US":"Program"},"type":"http://adlnet.gov/expapi/activities/course"}}]}},"timestamp":"2026-11-2'
    b'6T00:00:00.123456Z","result":{"completion":true},"version":"2.0.0","stored":"2026-11-26T00:00:00.123456Z","aut'
    b'hority":{"objectType":"Agent","name":"AADA LMS","account":{"homePage":"http://localhost:8000","name":"lms"}}}'
)
# A window of 4 KB holds the dictionary and a usual statement; a small one is set up in less time.
_EMPTY = zlib.compressobj(4, zlib.DEFLATED, -12, 5, zlib.Z_DEFAULT_STRATEGY, _DICTIONARY)

KEPT: LiteralString = "coalesce(s.packed, convert_to(s.payload::text, 'UTF8'))"
"""What is kept of a statement `s`, packed or as statements were before: `unpack` takes either."""
OCTETS: LiteralString = "coalesce(s.octets, octet_length(s.payload::text))"
"""How long its text is."""


def pack(text: bytes) -> bytes:
    """The text of a statement, packed."""
    packer = _EMPTY.copy()
    return b"%b%b%b" % (MARK, packer.compress(text), packer.flush())


def unpack(kept: bytes) -> bytes:
    """The text of a statement that is kept as `KEPT`."""
    if not kept.startswith(MARK):
        return kept
    return zlib.decompressobj(-12, _DICTIONARY).decompress(memoryview(kept)[1:])
