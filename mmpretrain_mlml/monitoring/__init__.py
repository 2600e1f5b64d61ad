"""What is observed about a loss while it trains."""
