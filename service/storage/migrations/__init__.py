"""Alembic's scripts, run by the code whenever a database is opened."""
