"""tools/demo.py: what it prints and leaves, with runs as small as they can be."""

import json
import runpy
import sys

import cv2
import pytest
from helpers import ROOT
from helpers.study_runs import DEMO_ROWS, write_small_demo
from mmengine.logging import MMLogger

import mmpretrain_mlml


@pytest.fixture
def run_demo(tmp_path, monkeypatch, capsys):
    """Runs the demo with little networks and few scenes."""
    file = write_small_demo(tmp_path / 'demo.py')

    def run(*options):
        shipped = mmpretrain_mlml.config
        monkeypatch.setattr(
            mmpretrain_mlml, 'config', lambda n: str(file) if n == 'studies/demo.py' else shipped(n)
        )
        monkeypatch.setattr(sys, 'argv', ['demo.py', *map(str, options)])
        with pytest.raises(SystemExit) as end:
            runpy.run_path(str(ROOT / 'tools/demo.py'), run_name='__main__')
        assert end.value.code is None
        return capsys.readouterr().out

    logger = MMLogger.get_current_instance()
    level = logger.level
    yield run
    logger.setLevel(level)


@pytest.mark.slow
def test_the_demo_trains_four_runs_a_seed_and_compares_them(run_demo, tmp_path):
    out = tmp_path / 'out'
    output = run_demo('--seeds', 3, '--jobs', 2, '--work-dir', out)
    assert f'training 4 small networks, 2 at a time, into {out}' in output
    for word in ('mAP', 'OF1', 'mAP gap closed', *DEMO_ROWS):
        assert word in output
    content = json.loads((out / 'demo.json').read_text())
    assert list(content) == ['seeds', 'mAP_gap_closed_percent', 'runs', 'recovered']
    assert content['seeds'] == [3]
    assert list(content['runs']) == DEMO_ROWS
    for scores in content['runs'].values():
        assert [len(scores[name][0]) for name in ('mAP', 'OF1')] == [2, 2]
    high, low, *others = (scores['mAP'][0][-1] for scores in content['runs'].values())
    shares = [100 * (other - low) / (high - low) for other in others]
    assert content['mAP_gap_closed_percent'] == pytest.approx(dict(zip(DEMO_ROWS[2:], shares)))
    assert cv2.imread(str(out / 'demo.png')).std() > 10
    assert {path.parent.name for path in out.glob('*/run.json')} == {
        'full_BCE_seed3', '0.4left_BCE_seed3', '0.4left_Hill_seed3', '0.4left_SPLC_seed3',
    }  # fmt: skip
