"""MMPretrain's own command-line tools, on the repaired stack."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

import mmpretrain
from mmengine.logging import print_log

from ..repairs.distributed import end_with_launcher, leave_gloo
from .threads import set_threads


def run_mmpretrain_script(name: str) -> None:
    """Run one of MMPretrain's command-line tools with the arguments of this process.

    The wheel of MMPretrain keeps its tools under ``.mim``, a checkout beside the package.

    Args:
        name: ``'train.py'`` or ``'test.py'``.

    Raises:
        FileNotFoundError: If this installation of MMPretrain has no such tool.
    """
    end_with_launcher()
    threads = set_threads()
    if os.environ.get('RANK', '0') == '0':
        print_log(threads)
    package = Path(mmpretrain.__file__).parent
    places = [package / '.mim' / 'tools' / name, package.parent / 'tools' / name]
    for script in places:
        if script.is_file():
            try:
                runpy.run_path(str(script), run_name='__main__')
            except SystemExit as end:  # a run that was asked to stop
                if isinstance(end.code, int):
                    leave_gloo(end.code)
                raise
            leave_gloo()
            return
    raise FileNotFoundError(f'MMPretrain {mmpretrain.__version__} has no tools/{name} at {places}')
