"""The error of a project that cannot be made."""


class ProjectError(ValueError):
    """A project cannot be made. The message is one line: what was got, what to do."""
