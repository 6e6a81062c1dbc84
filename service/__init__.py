"""The HTTP service around the matcher: stores, serves and shows."""
