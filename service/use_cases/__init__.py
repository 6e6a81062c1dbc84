"""One file for each thing a user wants."""
