"""tools/collect_results.py: from work directories to the paper's table."""

import runpy
import sys
from io import BytesIO, TextIOWrapper

import cv2
import pytest
from helpers import ROOT
from helpers.study_runs import write_runs_of_the_paper


def test_the_paper_table(tmp_path, run_tool):
    runs = write_runs_of_the_paper(tmp_path)
    out = runs / 'results.v1'
    text = run_tool('python', 'tools/collect_results.py', runs, '--out', out)
    text = text[text.index('###') :]
    _, other, paper = text.split('### ')
    assert paper.startswith('COCOMissingLabel, ResNet-50, 31 epochs, float32')
    assert '| loss | 0.4left | single |' in paper
    assert '| SPLC | 75.00 ± 1.41 (n = 2) |  |' in paper
    assert '| SPLC in the paper | 75.69 (quoted) |  |' in paper
    assert '| BCE in the paper |  | 68.57 (recalled) |' in paper
    assert '| Hill | 73.25 (n = 1) |  |' in paper  # the better of raw and averaged
    assert '| BCE |  | 70.00 (n = 1) |' in paper  # the released list, by its name
    assert 'unfinished: 7 of 31' in paper
    assert other.startswith('COCOMissingLabel, ResNet-101, 2 epochs')
    assert '| SPLC on ASL | 62.00 (n = 1) |' in other
    assert 'in the paper' not in other
    assert (runs / 'results.v1.md').read_text() in text + '\n'
    assert cv2.imread(str(runs / 'results.v1.png')).std() > 5


def test_the_table_is_printed_in_an_encoding_without_its_signs(tmp_path, monkeypatch):
    output, runs = BytesIO(), write_runs_of_the_paper(tmp_path)
    monkeypatch.setattr(sys, 'stdout', TextIOWrapper(output, encoding='ascii'))
    monkeypatch.setattr(sys, 'argv', ['collect_results.py', str(runs)])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(ROOT / 'tools/collect_results.py'), run_name='__main__')
    assert end.value.code is None
    assert rb'| SPLC | 75.00 \xb1 1.41 (n = 2) |' in output.getvalue()
