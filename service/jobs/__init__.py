"""Workers: processes that do long work beside the service."""
