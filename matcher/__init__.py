"""Peer Matcher: finds members of a recovery community someone who truly gets it.

Exact, safe and explained: see :func:`recommend_buddies`. The library has no clock and no global random state: the
    day is a
parameter (``as_of``), and so is every seed.
"""

from matcher.buddies.recommend import Peer, Recommendations, recommend_buddies, recommend_for_profile
from matcher.embedding.population import FacetMeans
from matcher.embedding.weights import FacetWeights
from matcher.errors import MatcherError
from matcher.graph.build import build_candidate_graph
from matcher.graph.candidate_graph import CandidateGraph
from matcher.index.member_index import MemberIndex
from matcher.members.profile import MemberProfile
from matcher.members.sample import sample_members
from matcher.pairing.problem import PairingProblem
from matcher.pairing.solution import PairingSolution
from matcher.pairing.solver import solve_pairing
from matcher.verification.eligibility import check_pair, verify_peers
from matcher.verification.pairing import verify_pairing

__all__ = [
    "CandidateGraph",
    "FacetMeans",
    "FacetWeights",
    "MatcherError",
    "MemberIndex",
    "MemberProfile",
    "PairingProblem",
    "PairingSolution",
    "Peer",
    "Recommendations",
    "build_candidate_graph",
    "check_pair",
    "recommend_buddies",
    "recommend_for_profile",
    "sample_members",
    "solve_pairing",
    "verify_pairing",
    "verify_peers",
]
