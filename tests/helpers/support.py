"""Old place of these names."""

from helpers.released import released_network  # noqa: F401
from helpers.runners import VALIDATION, EpochRecorder, make_runner  # noqa: F401
from helpers.work_dirs import write_run  # noqa: F401
