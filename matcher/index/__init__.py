"""The live index: exact top-k search over members that come, change and go."""
