"""Metrics that MMPretrain's METRICS registry knows."""
