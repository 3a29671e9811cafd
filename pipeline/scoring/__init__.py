"""Scores as tables, the rows of them that are shown, and the verdict."""
