"""What is observed about a loss in training: its calls, the labels it recovers, a collapsing model."""
