"""Hooks that keep a run alive and its checkpoints complete when something goes wrong."""
