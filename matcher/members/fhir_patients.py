"""FHIR ``Patient`` resources: the few fields that matching may know. Names, addresses and identifiers are not read."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import langcodes

from matcher.errors import Problem
from matcher.members.profile import MAX_LANGUAGES

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_BIRTH_DATE = re.compile(r"(\d{4})(?:-\d{2}){0,2}")
_LANGUAGE_SYSTEMS = frozenset({"urn:ietf:bcp:47", "urn:ietf:rfc:3066", "http://hl7.org/fhir/ValueSet/languages", None})


def member_id_of(patient_id: str) -> str:
    """The patient's id where it fits a member id, else a hash of it."""
    if _ID.fullmatch(patient_id):
        return patient_id
    return f"fhir-{hashlib.sha256(patient_id.encode()).hexdigest()[:40]}"


def patient_fields(resource: dict[str, Any], *, gender: bool) -> tuple[dict[str, Any], list[Problem], list[str]]:
    """Profile fields, problems and notes of one ``Patient``.

    Args:
        resource: the parsed resource.
        gender: take the administrative gender for the member's own word; left alone otherwise.
    """
    problems: list[Problem] = []
    notes: list[str] = []
    fields: dict[str, Any] = {}
    patient_id = resource.get("id")
    if isinstance(patient_id, str) and patient_id:
        fields["member_id"] = member_id_of(patient_id)
        if fields["member_id"] != patient_id:
            notes.append("the id does not fit a member id and was hashed")
    else:
        problems.append(Problem("id", "is missing", "the id of the resource"))
    if resource.get("deceasedBoolean") is True or resource.get("deceasedDateTime") is not None:
        problems.append(Problem("deceased", "the person has died and is left out", "living persons"))
    if resource.get("active") is False:
        problems.append(Problem("active", "the record is out of use and is left out", "records in use"))
    born = resource.get("birthDate")
    found = _BIRTH_DATE.fullmatch(born) if isinstance(born, str) else None
    if found:
        fields["birth_year"] = int(found[1])
    elif born is not None:
        problems.append(Problem("birthDate", "is no FHIR date", "YYYY, YYYY-MM or YYYY-MM-DD"))
    languages, left_out = _languages(resource.get("communication"))
    if languages:
        fields["languages"] = languages[:MAX_LANGUAGES]
    if left_out:
        notes.append(f"{left_out} languages without a BCP-47 code were left out")
    said = resource.get("gender")
    if gender and isinstance(said, str) and said != "unknown":
        fields["gender"] = said
    return fields, problems, notes


def _languages(communication: object) -> tuple[list[str], int]:
    """Language tags, preferred ones first, and how many entries gave none."""
    entries = [entry for entry in communication if isinstance(entry, dict)] if isinstance(communication, list) else []
    entries.sort(key=lambda entry: entry.get("preferred") is not True)
    tags, left_out = [], 0
    for entry in entries:
        language = entry.get("language")
        codings = language.get("coding") if isinstance(language, dict) else None
        fitting = [
            coding["code"]
            for coding in (codings if isinstance(codings, list) else ())
            if isinstance(coding, dict)
            and isinstance(coding.get("code"), str)
            and coding.get("system") in _LANGUAGE_SYSTEMS
            and len(coding["code"]) <= 35
            and langcodes.tag_is_valid(coding["code"])
        ]
        tags.extend(fitting[:1])
        left_out += not fitting
    return list(dict.fromkeys(tags)), left_out
