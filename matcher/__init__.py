"""Peer Matcher: finds members of a recovery community someone who truly gets it.

Exact, safe and explained: see :func:`recommend_buddies`. The library has no clock and no global random state: the
    day is a
parameter (``as_of``), and so is every seed.
"""

from matcher.buddies.recommend import Peer, Recommendations, recommend_buddies, recommend_for_profile
from matcher.embedding.population import FacetMeans
from matcher.embedding.weights import FacetWeights
from matcher.errors import MatcherError
from matcher.index.member_index import MemberIndex
from matcher.members.profile import MemberProfile
from matcher.members.sample import sample_members
from matcher.verification.eligibility import check_pair, verify_peers

__all__ = [
    "FacetMeans",
    "FacetWeights",
    "MatcherError",
    "MemberIndex",
    "MemberProfile",
    "Peer",
    "Recommendations",
    "check_pair",
    "recommend_buddies",
    "recommend_for_profile",
    "sample_members",
    "verify_peers",
]
