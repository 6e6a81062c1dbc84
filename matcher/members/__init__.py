"""Members of a recovery community: what is known of them and how it is read."""
