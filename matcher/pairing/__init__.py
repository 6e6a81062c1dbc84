"""Pairing everyone at once: the best plan, and a certificate that shows how good it is."""
