"""MMPretrain's own command-line tools, inside this process."""

import runpy
import sys
from pathlib import Path

import mmpretrain
import pytest


def run_mmpretrain_tool(name: str, *arguments) -> None:
    """Run a tool of MMPretrain, such as ``analysis_tools/analyze_logs.py``, as it is installed."""
    script = Path(mmpretrain.__file__).parent / '.mim/tools' / name
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, 'argv', [str(script), *map(str, arguments)])
        runpy.run_path(str(script), run_name='__main__')
