"""Samspel: what residents and staff experience in their meetings, joined with dialogues, agreements and trials."""

__version__ = "0.1.0"
