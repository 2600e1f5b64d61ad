"""Hooks that give losses the state they need: the epoch, the samples of a batch, class priors."""
