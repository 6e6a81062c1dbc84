"""Which topics a drawn population deals with and shuns: by kind of recovery, by how far along it is, and in general.

A topic weighs 1 in general, and more where a table names it. The tables follow what communities write about, in kind
only: nobody has published shares.
"""

from __future__ import annotations

COMMON = {
    "body-image": 4, "anxiety": 5, "low-mood": 4, "fatigue": 4, "sleep": 3, "chronic-pain": 3, "family-and-friends": 3,
    "loneliness": 4, "stigma": 3, "return-to-work": 4, "asking-for-help": 2, "medication": 2, "complications": 2,
    "partner": 2, "money": 2, "parenting": 2,
}  # fmt: skip
"""What comes up after any procedure: fear of judgement, low energy, logistics, moods."""

DOMAIN_FACTOR = 6
BY_DOMAIN = {
    "weight-loss": ("weight-regain", "weight-loss", "loose-skin", "diet-and-nutrition", "emotional-eating",
                    "nausea-and-appetite", "addiction-transfer", "stigma", "body-image", "hair-loss"),
    "plastic-and-cosmetic": ("body-image", "scars", "swelling-and-lymphoedema", "regret", "waiting-and-deciding",
                             "loose-skin", "repeat-surgery", "money", "stigma"),
    "bones-and-joints": ("rehabilitation-exercises", "return-to-sport", "chronic-pain", "housework-and-getting-around"),
    "heart-and-lungs": ("fear-of-recurrence", "fatigue", "smoking", "medication", "return-to-sport"),
    "cancer": ("fear-of-recurrence", "serious-diagnosis", "fatigue", "hair-loss", "sexuality", "end-of-life"),
    "digestive": ("diet-and-nutrition", "life-with-a-stoma", "bladder-and-bowel", "nausea-and-appetite"),
    "pelvic-and-birth": ("pregnancy", "birth-experience", "fertility", "bladder-and-bowel", "parenting", "sexuality"),
    "brain-and-spine": ("brain-fog", "chronic-pain", "rehabilitation-exercises", "loss-of-independence"),
    "head-and-neck": ("senses", "voice-and-speech", "sleep"),
    "transplant": ("medication", "complications", "guilt-and-shame", "waiting-and-deciding"),
    "limb-loss-and-burns": ("prosthesis", "phantom-limb", "scars", "trauma"),
    "gender-affirming": ("gender-identity", "scars", "dating", "stigma", "body-image"),
    "mind-and-substance-use": ("relapse-or-recurrence", "alcohol", "drugs", "guilt-and-shame", "trauma", "low-mood"),
    "illness-and-rehabilitation": ("fatigue", "brain-fog", "medical-mistrust", "loss-of-independence"),
}  # fmt: skip
"""What each kind of recovery brings with it."""

STAGE_FACTOR = 3
BY_THIRD = (
    ("waiting-and-deciding", "nausea-and-appetite", "swelling-and-lymphoedema", "sleep", "complications", "anxiety",
     "asking-for-help", "housework-and-getting-around", "medication"),
    ("return-to-work", "rehabilitation-exercises", "fatigue", "low-mood", "family-and-friends", "partner", "regret"),
    ("life-after-recovery", "weight-regain", "fear-of-recurrence", "body-image", "return-to-sport", "dating", "travel",
     "addiction-transfer", "loose-skin"),
)  # fmt: skip
"""What occupies people before and shortly after, half-way, and later."""

AVOIDED = {
    "suicide": 12, "self-harm": 10, "eating-disorder": 10, "loss-of-pregnancy": 9, "sexual-violence": 9, "pregnancy": 6,
    "end-of-life": 7, "death-of-a-loved-one": 6, "violence": 6, "alcohol": 5, "weight-loss": 4, "weight-regain": 3,
    "serious-diagnosis": 3, "complications": 3, "fear-of-recurrence": 3, "trauma": 4, "drugs": 3,
    "faith-and-meaning": 2, "money": 1, "diet-and-nutrition": 1, "dating": 1,
}  # fmt: skip
"""What members ask not to meet; topics that the table does not name are avoided by nobody."""
