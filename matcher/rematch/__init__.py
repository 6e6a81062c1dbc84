"""Rematch: everybody's ties worked out anew, within what may change."""
