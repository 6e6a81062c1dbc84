"""Peer Matcher: finds members of a recovery community someone who truly gets it."""
