"""Tools for what surrounds a model in training: the runner, its processes and its data workers."""
