"""Procedures and other recoveries, topics and interests: what profiles may name, and how each is placed."""

from matcher.catalog.catalog import Catalog, Procedure
from matcher.catalog.reading import default_catalog, read_catalog
from matcher.catalog.vocabulary import Vocabulary, as_slug

__all__ = ["Catalog", "Procedure", "Vocabulary", "as_slug", "default_catalog", "read_catalog"]
