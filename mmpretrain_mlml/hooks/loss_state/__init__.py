"""Hooks that give losses what they need to know: the epoch, the samples of a batch, class priors."""
