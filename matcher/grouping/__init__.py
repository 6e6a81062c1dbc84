"""Forming groups of members that fit together: plans, and bounds that show how good they are."""
