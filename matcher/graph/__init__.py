"""The candidate graph: for everybody at once, who could be matched with whom."""
