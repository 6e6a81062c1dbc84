"""Buddies and mentors for one member."""
