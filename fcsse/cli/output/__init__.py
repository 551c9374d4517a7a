"""Renders answers: text for a terminal, Markdown, JSON, CSV and HTML."""
