"""Metrics in MMPretrain's registry ``METRICS``."""
