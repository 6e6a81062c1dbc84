"""A catalogue small enough to read at a glance, and ways to break it."""

from __future__ import annotations

import gzip

PREFIXES = "icd10pcs_ccsr_prefixes.csv.gz"

SMALL = {
    "domains.csv": "slug,name\nbones,Bones\nbelly,Belly\n",
    "families.csv": "slug,name,domain\njoints,Joints,bones\nstomach,Stomach,belly\n",
    "procedures.csv": (
        "slug,name,family,recovery_days,operation,source\n"
        "knee,Knee replacement,joints,365,yes,AAOS\n"
        "hip,Hip replacement,joints,180,yes,AAOS\n"
        "elbow,Elbow replacement,joints,90,yes,AAOS\n"
        "sleeve,Stomach sleeve (gastric sleeve),stomach,300,yes,ASMBS\n"
    ),
    "ccsr_categories.csv": (
        "ccsr,description,clinical_domain\nMST006,Knee arthroplasty,M\nMST008,Other joints,M\nGIS010,Gastrectomy,G\n"
    ),
    "ccsr_places.csv": (
        "ccsr,procedure,family,recovery_days,operation\nMST006,knee,,,\nMST008,,joints,,yes\nGIS010,,stomach,60,no\n"
    ),
    PREFIXES: "icd10pcs_prefix,ccsr\n0SRC,MST006\n0R,MST008\n0DB60Z3,GIS010\n0DB60ZZ,GIS010\n",
    "icd10pcs_procedures.csv": "icd10pcs_prefix,procedure,ccsr\n0DB60Z3,sleeve,GIS010\n0RRL,elbow,MST008\n",
    "procedure_topics.csv": "place,topic\nstomach,low-mood\nknee,low-mood\n",
    "topic_groups.csv": "slug,name\nfeelings,Feelings\n",
    "topics.csv": "slug,name,group\nlow-mood,Low mood,feelings\n",
    "interest_groups.csv": "slug,name\nsport,Sport\n",
    "interests.csv": "slug,name,group\nhiking,Hiking,sport\n",
}


def small_files(**changed: str) -> dict[str, bytes]:
    """The small catalogue's files; ``changed`` replaces texts by file name without its endings."""
    texts = {name: changed.get(name.split(".")[0], text) for name, text in SMALL.items()}
    return {
        name: gzip.compress(text.encode(), mtime=0) if name.endswith(".gz") else text.encode()
        for name, text in texts.items()
    }
