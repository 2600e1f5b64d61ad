"""How tools end: quietly at a closed pipe, with one line at Ctrl-C, readable in any encoding."""

import argparse
import importlib
import os
import signal
import subprocess
import sys
from contextlib import ExitStack

import pytest
from helpers import ROOT

TOOLS = ROOT / 'tools'


@pytest.fixture
def tool(tmp_path):
    """Start a tool whose main function is given; what it needs is imported in it."""
    started = ExitStack()

    def start(main, **env):
        path = tmp_path / 'tool.py'
        body = ''.join(f'    {line}\n' for line in main.splitlines())
        path.write_text(f'from command_line import run\ndef main():\n{body}run(main)\n')
        process = subprocess.Popen(
            [sys.executable, path], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            encoding='utf-8', env={**os.environ, 'PYTHONPATH': str(TOOLS), **env},
        )  # fmt: skip
        return started.enter_context(process)

    with started:
        yield start


@pytest.mark.parametrize(
    'main',
    [
        'for n in range(100_000): print(n)',
        'print(1, flush=True)\nimport time; time.sleep(1)\nprint(2)',  # written as it ends
        'from rich.console import Console\nfor n in range(9_000): Console().print(n)',
    ],
    ids=['print', 'at the end', 'rich'],
)
def test_a_closed_pipe_ends_a_tool_quietly(tool, main):
    process = tool(main)
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == ''
    assert process.wait(60) == 128 + signal.SIGPIPE


def test_a_pipe_that_is_not_the_output_stays_an_error(tool):
    process = tool('raise BrokenPipeError("a worker has gone")')
    assert 'BrokenPipeError: a worker has gone' in process.communicate()[1]
    assert process.returncode == 1


def test_a_message_at_the_end_holds_no_control_characters(monkeypatch):
    monkeypatch.syspath_prepend(TOOLS)
    command_line = importlib.import_module('command_line')

    def main():
        raise SystemExit('error: \x1b[31ma\nb')

    with pytest.raises(SystemExit) as end:
        command_line.run(main)
    assert end.value.code == 'error: \\x1b[31ma\nb'


@pytest.mark.parametrize('wanted', ['1', '0'])
def test_the_traceback_of_an_error_that_a_tool_caught_is_shown_on_request(
    wanted, monkeypatch, capsys
):
    monkeypatch.syspath_prepend(TOOLS)
    monkeypatch.setenv('MLML_TRACEBACK', wanted)
    command_line = importlib.import_module('command_line')

    def main():
        try:
            raise ValueError('no such thing')
        except ValueError as error:
            raise SystemExit(f'error: {error}') from error

    with pytest.raises(SystemExit, match='error: no such thing'):
        command_line.run(main)
    assert ('Traceback (most recent' in capsys.readouterr().err) == (wanted == '1')


def test_ctrl_c_ends_a_tool_with_one_line(tool):
    process = tool('import os, signal; os.kill(os.getpid(), signal.SIGINT)')
    assert process.communicate() == ('', 'interrupted\n')
    assert process.returncode == 128 + signal.SIGINT


def test_characters_that_the_encoding_does_not_have_are_written_as_codes(tool):
    main = 'import sys\nprint("café 猫")\nsys.stderr.write("é")\nreturn 3'
    process = tool(main, PYTHONIOENCODING='ascii')
    assert process.communicate() == ('caf\\xe9 \\u732b\n', '\\xe9')
    assert process.returncode == 3
    assert tool(main, PYTHONIOENCODING='utf-8').communicate() == ('café 猫\n', 'é')


def test_every_tool_is_started_like_this():
    for path in TOOLS.glob('*.py'):
        if path.stem != 'command_line':
            assert path.read_text().endswith("if __name__ == '__main__':\n    run(main)\n"), path


def test_config_options_are_those_of_mmengine(capsys):
    import command_line

    parser = argparse.ArgumentParser(prog='tool')
    parser.add_argument('--cfg-options', nargs='+', action=command_line.DictAction, default={})
    options = parser.parse_args(['--cfg-options', 'a.b=[1,2]', 'c=x=y']).cfg_options
    assert options == {'a.b': [1, 2], 'c': 'x=y'}
    assert parser.parse_args([]).cfg_options == {}
    with pytest.raises(SystemExit):
        parser.parse_args(['--cfg-options', 'a'])
    assert "--cfg-options: expected KEY=VALUE, got 'a'" in capsys.readouterr().err


def test_a_wrong_argument_is_refused_as_by_mmpretrain(monkeypatch, capsys):
    import command_line

    monkeypatch.setattr(sys, 'argv', ['train.py', 'config.py', '--resum', '--work-dri', 'x'])
    monkeypatch.setenv('LOCAL_RANK', '0')
    with pytest.raises(SystemExit) as caught:
        command_line.parse_for_mmpretrain('train.py')
    assert caught.value.code == 2
    assert 'unrecognized arguments: --work-dri x' in capsys.readouterr().err
    monkeypatch.setattr(sys, 'argv', ['train.py', 'config.py'])
    assert command_line.parse_for_mmpretrain('train.py').name == 'train.py'
