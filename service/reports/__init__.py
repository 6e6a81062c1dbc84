"""Plans as files: tables, and pages for people."""
