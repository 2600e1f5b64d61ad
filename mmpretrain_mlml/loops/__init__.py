"""Loops that MMPretrain's ``LOOPS`` registry knows."""
