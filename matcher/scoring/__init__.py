"""The exact score and the reasons behind it."""
