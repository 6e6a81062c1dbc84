"""A profile as a few hundred bytes: what an index keeps of each member, and what rules and reasons read in
microseconds.

A record holds the same facts under the same names as :class:`~matcher.members.profile.MemberProfile`; it is made
from validated profiles only, so nothing is checked a second time.
"""

from __future__ import annotations

import datetime
from operator import attrgetter

import msgspec

from matcher.members.profile import MemberProfile


class MemberRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The fields of a member profile, in its order; nested objects as tuples."""

    member_id: str
    alias: str | None
    status: str
    consent: bool
    role: str
    open_to_roles: tuple[str, ...]
    birth_year: int | None
    gender: str | None
    only_genders: tuple[str, ...]
    procedures: tuple[tuple[str, datetime.date | None], ...]
    languages: tuple[str, ...]
    time_zone: str | None
    availability: tuple[tuple[str, str, str], ...]
    channels: tuple[str, ...]
    cadence: str | None
    region: str | None
    needs: tuple[str, ...]
    offers: tuple[str, ...]
    topics: tuple[str, ...]
    avoid_topics: tuple[str, ...]
    interests: tuple[str, ...]
    buddy_capacity: int
    mentor_capacity: int
    mentor_approved: bool
    seeks: tuple[str, ...]
    clinic: str | None
    avoid_same_clinic: bool
    shares: tuple[str, ...]
    blocked: tuple[str, ...]

    @property
    def listed_procedures(self) -> tuple[str, ...]:
        """Slugs or codes of all procedures, in order."""
        return tuple(procedure for procedure, _ in self.procedures)


_FIELDS = MemberRecord.__struct_fields__
_values = attrgetter(*_FIELDS)
_PROCEDURES = _FIELDS.index("procedures")
_AVAILABILITY = _FIELDS.index("availability")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(MemberRecord).decode


def pack_record(member: MemberProfile) -> bytes:
    """The record of a profile as MessagePack, some 200 bytes."""
    values = list(_values(member))
    values[_PROCEDURES] = [(event.procedure, event.date) for event in member.procedures]
    values[_AVAILABILITY] = [(slot.day, slot.start, slot.end) for slot in member.availability]
    return _encode(values)


def unpack_record(packed: bytes) -> MemberRecord:
    """Read back what :func:`pack_record` wrote. About a microsecond."""
    return _decode(packed)


def profile_of(record: MemberRecord) -> MemberProfile:
    """The full profile of a record."""
    fields = msgspec.structs.asdict(record)
    fields["procedures"] = [{"procedure": procedure, "date": day} for procedure, day in record.procedures]
    fields["availability"] = [{"day": day, "start": start, "end": end} for day, start, end in record.availability]
    return MemberProfile.model_validate(fields)
