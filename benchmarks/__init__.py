"""Measurements against peers: one file a question, ``python -m benchmarks.run`` for all of them."""
