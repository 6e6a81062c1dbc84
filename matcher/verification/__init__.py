"""Answers checked again from their inputs alone, by code that shares nothing with the solvers."""
