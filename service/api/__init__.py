"""Routes and wire models by noun: parse, one use case, reply."""
