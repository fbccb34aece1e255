"""Encounters: how a meeting between two was, told by both; where people are asked, and what may be shown of it."""
