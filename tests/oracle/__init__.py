"""Brute force from the definitions alone: what every fast path is compared with."""
