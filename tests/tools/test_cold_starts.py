"""Each tool starts in a process of its own, with no import but its own, and answers --help at once."""

import ast
import subprocess
import sys

import pytest
from helpers import ROOT

TOOLS = sorted(path.name for path in (ROOT / 'tools').glob('*.py') if path.stem != 'command_line')
HELP = """
import contextlib, io, runpy, sys
for tool in sys.argv[1:]:
    sys.argv = [tool, '--help']
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.suppress(SystemExit):
        runpy.run_path(tool, run_name='__main__')
    heavy = {'torch', 'numpy', 'mmengine', 'mmpretrain', 'mmpretrain_mlml'} & set(sys.modules)
    assert 'usage: ' in out.getvalue(), tool
    assert not heavy, (tool, heavy)
"""


def test_help_is_shown_before_anything_large_is_imported():
    """All tools in one process, of which none imports what takes seconds."""
    tools = [str(ROOT / 'tools' / name) for name in TOOLS]
    code = f'import sys; sys.path.insert(0, {str(ROOT / "tools")!r}){HELP}'
    done = subprocess.run([sys.executable, '-c', code, *tools], text=True, capture_output=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize('tool', TOOLS)
def test_a_tool_starts_from_cold(tool, run_tool, tmp_path):
    """Its help, and then all of its imports, in the order in which they stand."""
    text = run_tool('python', f'tools/{tool}', '--help', cold=True)
    assert 'usage: ' in text
    assert 'Traceback' not in text
    nodes = list(ast.walk(ast.parse((ROOT / 'tools' / tool).read_text())))
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    imports.sort(key=lambda node: node.lineno)
    future = [ast.unparse(node) for node in imports]
    (tmp_path / 'imports.py').write_text('\n'.join(future))
    run_tool('python', tmp_path / 'imports.py', cold=True, PYTHONPATH=f'{ROOT}:{ROOT}/tools')
