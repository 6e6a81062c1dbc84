"""The hard rules: who may be shown to whom at all. Never traded for a score."""
