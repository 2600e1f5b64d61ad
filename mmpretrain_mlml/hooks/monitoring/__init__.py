"""Hooks that log and draw what happens during training and testing."""
