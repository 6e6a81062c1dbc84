"""Answers checked again by code that imports no solver."""
