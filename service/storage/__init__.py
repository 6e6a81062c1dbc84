"""What is kept: one SQLAlchemy Core code path over the database."""
