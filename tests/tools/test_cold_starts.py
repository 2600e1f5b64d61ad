"""Each tool starts in a process of its own, with no import but its own, and explains itself."""

import pytest
from helpers import ROOT

TOOLS = sorted(path.name for path in (ROOT / 'tools').glob('*.py'))


@pytest.mark.slow
@pytest.mark.parametrize('tool', TOOLS)
def test_a_tool_starts_from_cold(tool, run_tool):
    text = run_tool('python', f'tools/{tool}', '--help', cold=True)
    assert 'usage: ' in text
    assert 'Traceback' not in text
