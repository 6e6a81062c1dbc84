"""What does a filter cost, and what does it do to the answer, against graph indexes that filter?

Everybody in this community may meet everybody who speaks their language; five languages share them out, so a seeker's
language decides how many are eligible. Peers are asked for 100 candidates, as somebody would who means to score them
exactly afterwards, and that scoring is not on their clock. Recall is of the ten best by inner product, and of the ten
best by exact score after scoring the candidates; a tie with the tenth counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import faiss
import numpy as np
import numpy.typing as npt

from benchmarks.community import DAY, Insides, drawn
from benchmarks.measuring import in_turns, seconds_of
from benchmarks.peers import (
    BUILD_WIDTH,
    CANDIDATES,
    LINKS,
    SEARCH_WIDTH,
    FaissWithSelector,
    HnswlibWithFilter,
    Peer,
    Request,
    pgvector_server,
)
from benchmarks.tables import Table, ms, percent, ratio
from matcher.buddies.recommend import recommend_buddies
from matcher.index.member_index import MemberIndex
from matcher.members.profile import MemberProfile
from matcher.scoring.fit import Scoring

SIZES = (100_000,)
SEEKERS, QUICK_SEEKERS = 100, 30
K = 10
LANGUAGES = (("en", 0.50), ("es", 0.10), ("pt", 0.04), ("fo", 0.01), ("de", 0.35))
MEASURED = (0, 1, 2, 3)
TIE = 1e-5
"""Values this close to the tenth count as tied with it: vectors are float32."""


def open_members(size: int) -> Iterator[MemberProfile]:
    """The drawn population with every rule open but language."""
    rng = np.random.default_rng(2)
    drawn_languages = rng.choice(len(LANGUAGES), size=size, p=[share for _, share in LANGUAGES]).tolist()
    for member, language in zip(drawn(size), drawn_languages, strict=True):
        adult = member.birth_year if member.birth_year is not None and DAY.year - member.birth_year > 18 else 1985
        yield member.model_copy(
            update={
                "languages": (LANGUAGES[language][0],),
                "status": "active",
                "consent": True,
                "role": "patient",
                "open_to_roles": ("patient",),
                "birth_year": adult,
                "only_genders": (),
                "avoid_topics": (),
                "avoid_same_clinic": False,
                "channels": tuple(dict.fromkeys(("text", *member.channels))),
                "buddy_capacity": 3,
                "seeks": ("buddy", "mentor", "group"),
                "blocked": (),
            }
        )


def measure(sizes: Sequence[int] | None, quick: bool) -> Iterator[Table]:
    """One table a size."""
    for size in sizes or ((20_000,) if quick else SIZES):
        yield _table(size, QUICK_SEEKERS if quick else SEEKERS)


def _table(size: int, seekers: int) -> Table:
    table = Table(
        f"Filters, {size:,} members, k={K}, {seekers} seekers a row, against vector indexes that filter",
        (
            "eligible, by whom",
            "p50 ms",
            "p95 ms",
            "ours / theirs",
            "found",
            "recall, inner product",
            "recall, exact score",
        ),
    )
    faiss.omp_set_num_threads(1)
    index = MemberIndex.build(open_members(size), DAY)
    insides = Insides(index)
    vectors = insides.vectors()
    code_of = {language: code for code, (language, _) in enumerate(LANGUAGES)}
    labels = np.array([code_of[index.seeker(name).record.languages[0]] for name in insides.ids], dtype=np.int16)
    flat = FaissWithSelector.flat(vectors)
    graph_took, graph = seconds_of(partial(FaissWithSelector.graph, vectors))
    hnswlib_took, hnswlib = seconds_of(partial(HnswlibWithFilter, vectors))
    with pgvector_server(vectors, labels) as pgvector:
        peers: dict[str, Peer] = {"FAISS flat, selector": flat, "FAISS HNSW, selector": graph}
        peers |= {"hnswlib, filter": hnswlib, **pgvector}
        for language in MEASURED:
            _rows(table, index, vectors, labels, language=language, peers=peers, seekers=seekers)
            table.divide()
    table.notes = (
        f"Graphs: M={LINKS}, efConstruction={BUILD_WIDTH}, efSearch={SEARCH_WIDTH}, {CANDIDATES} candidates, 1 thread.",
        f"Built in {graph_took.processor:.0f} (FAISS) and {hnswlib_took.processor:.0f} (hnswlib) cpu seconds.",
        "pgvector: shared_buffers 1 GB, sequential scans off, iterative scan in relaxed order.",
        f"found: candidates, of {CANDIDATES}; ours are the ten themselves.",
        "Ours includes finding out who is eligible, exact scores and reasons; peers are given the eligible set.",
    )
    return table


def _rows(
    table: Table,
    index: MemberIndex,
    vectors: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int16],
    *,
    language: int,
    peers: dict[str, Peer],
    seekers: int,
) -> None:
    insides = Insides(index)
    scoring = insides.scoring("buddy")
    speakers = np.flatnonzero(labels == language)
    chosen = np.random.default_rng(3).choice(speakers, size=min(seekers, speakers.size), replace=False)
    requests = [_request(insides, scoring, labels, int(slot)) for slot in chosen]
    turns = in_turns({"ours": lambda request: recommend_buddies(index, request.name, K), **peers}, requests, warm_up=10)
    slot_of = {name: slot for slot, name in enumerate(insides.ids)}
    judges = [_Judge.of(insides, scoring, vectors, request) for request in requests]
    for name, times in turns.times.items():
        answers = turns.answers[name]
        if name == "ours":
            answers = [np.array([slot_of[peer.member_id] for peer in given.peers], dtype=np.int64) for given in answers]
        judged = list(zip(judges, answers, strict=True))
        table.add(
            f"{LANGUAGES[language][1]:.0%} {name}",
            ms(times.p50),
            ms(times.p95),
            "" if name == "ours" else ratio(turns.times["ours"].over(times)),
            f"{np.mean([found.size for found in answers]):.1f}",
            "" if name == "ours" else percent(float(np.mean([judge.by_product(found) for judge, found in judged]))),
            percent(float(np.mean([judge.by_score(found) for judge, found in judged]))),
        )


def _request(insides: Insides, scoring: Scoring, labels: npt.NDArray[np.int16], slot: int) -> Request:
    name = insides.ids[slot]
    flags = labels == labels[slot]
    flags[slot] = False
    bitmap = np.packbits(flags, bitorder="little")
    query = insides.query(insides.index.seeker(name), scoring)
    return Request(name, slot, query, int(labels[slot]), flags, bitmap, flags.tolist())


@dataclass(frozen=True, slots=True, eq=False)
class _Judge:
    """The truth about one request: what every eligible member is worth, by brute force."""

    products: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]

    @classmethod
    def of(cls, insides: Insides, scoring: Scoring, vectors: npt.NDArray[np.float32], request: Request) -> _Judge:
        eligible = np.flatnonzero(request.flags)
        products, scores = np.full(request.flags.size, -1.0), np.full(request.flags.size, -1.0)
        products[eligible] = vectors[eligible] @ request.query[0]
        scores[eligible] = scoring.slots(insides.index.seeker(request.name).row, insides.rows, eligible)
        return cls(products, scores)

    def by_product(self, found: npt.NDArray[np.int64]) -> float:
        """Recall of the ten best by inner product among the first ten found."""
        return _recall(self.products, found[:K])

    def by_score(self, found: npt.NDArray[np.int64]) -> float:
        """Recall of the ten best by exact score, were everyone found scored exactly."""
        return _recall(self.scores, found)


def _recall(worth: npt.NDArray[np.float64], found: npt.NDArray[np.int64]) -> float:
    tenth = np.partition(worth, -K)[-K]
    return min(K, int((worth[np.unique(found)] >= tenth - TIE).sum())) / K
