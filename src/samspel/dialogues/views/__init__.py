"""Pages of the dialogue: they parse, call one action or query, and render."""
