"""Profiles as numbers: facet kernels, the features they are inner products of, and the encoder."""
