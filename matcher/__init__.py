"""Peer Matcher: finds members of a recovery community someone who truly gets it.

Exact, safe and explained: see :func:`recommend_buddies`, :func:`solve_pairing` and :func:`form_groups`. The library has
no clock and no global random state: the day is a parameter (``as_of``), and so is every seed.
"""

from matcher.buddies.recommend import Peer, Recommendations, recommend_buddies, recommend_for_profile
from matcher.embedding.population import FacetMeans
from matcher.embedding.weights import FacetWeights
from matcher.errors import MatcherError
from matcher.graph.build import build_candidate_graph
from matcher.graph.candidate_graph import CandidateGraph
from matcher.grouping.affinity_problem import GroupingProblem
from matcher.grouping.affinity_solution import GroupingSolution
from matcher.grouping.affinity_solver import solve_grouping
from matcher.grouping.edits import Editor
from matcher.grouping.form import form_groups
from matcher.grouping.latecomer import place_latecomer
from matcher.grouping.plan import GroupPlan
from matcher.grouping.resolve import spec_around
from matcher.grouping.spec import GroupSpec
from matcher.grouping.spec_reading import read_spec
from matcher.index.member_index import MemberIndex
from matcher.members.profile import MemberProfile
from matcher.members.sample import sample_members
from matcher.pairing.problem import PairingProblem
from matcher.pairing.solution import PairingSolution
from matcher.pairing.solver import solve_pairing
from matcher.rematch.config import RematchConfig
from matcher.rematch.history import History, Tie
from matcher.rematch.plan import RematchPlan
from matcher.rematch.rematch import rematch
from matcher.rematch.verify import verify_rematch
from matcher.verification.affinity_grouping import verify_grouping
from matcher.verification.eligibility import check_pair, verify_peers
from matcher.verification.grouping import verify_groups
from matcher.verification.pairing import verify_pairing

__all__ = [
    "CandidateGraph",
    "Editor",
    "FacetMeans",
    "FacetWeights",
    "GroupPlan",
    "GroupSpec",
    "GroupingProblem",
    "GroupingSolution",
    "History",
    "MatcherError",
    "MemberIndex",
    "MemberProfile",
    "PairingProblem",
    "PairingSolution",
    "Peer",
    "Recommendations",
    "RematchConfig",
    "RematchPlan",
    "Tie",
    "build_candidate_graph",
    "check_pair",
    "form_groups",
    "place_latecomer",
    "read_spec",
    "recommend_buddies",
    "recommend_for_profile",
    "rematch",
    "sample_members",
    "solve_grouping",
    "solve_pairing",
    "spec_around",
    "verify_grouping",
    "verify_groups",
    "verify_pairing",
    "verify_peers",
    "verify_rematch",
]
