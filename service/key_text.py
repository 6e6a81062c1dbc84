"""The text of an access key: ``pm_<key id>_<secret>``, made once, never stored, known again by its digest."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field

KEY_ID_LENGTH = 12
KEY_TEXT_LENGTH = 59
_SECRET_BYTES = 32
_SHAPE = re.compile(r"pm_([0-9a-f]{12})_([A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True)
class KeyText:
    """A key's two parts. The secret is 32 random bytes, so one round of SHA-256 hides it well enough."""

    key_id: str
    secret: str = field(repr=False)

    @classmethod
    def new(cls) -> KeyText:
        """A key that nobody has seen."""
        return cls(secrets.token_hex(KEY_ID_LENGTH // 2), secrets.token_urlsafe(_SECRET_BYTES))

    @classmethod
    def read(cls, text: str) -> KeyText | None:
        """The parts of ``text``, or None if it has not the shape of a key."""
        found = _SHAPE.fullmatch(text)
        return None if found is None else cls(found[1], found[2])

    def full(self) -> str:
        """The whole key, for its holder's eyes."""
        return f"pm_{self.key_id}_{self.secret}"

    def digest(self) -> str:
        """What is stored of the secret: 64 hex digits."""
        return hashlib.sha256(self.secret.encode()).hexdigest()
