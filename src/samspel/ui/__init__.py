"""Shared pages: base templates, the sam- style layer, template tags, built front-end assets."""
