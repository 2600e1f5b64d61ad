"""benchmarks/run.py: it runs each part, reports what was measured, and names what failed."""

import importlib
import json

import cv2
import pytest
from helpers import ROOT

ROW = {'what': 'Hill', 'peer': 'BCE', 'speed': 0.5, 'low': 0.4, 'high': 0.6}
WRITES = 'import json, sys\njson.dump({}, open(sys.argv[2], "w"))\n'


@pytest.fixture
def scripts(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / 'benchmarks')
    return importlib.import_module


@pytest.fixture
def run_all(scripts, monkeypatch):
    script = scripts('run')

    def run(*arguments):
        monkeypatch.setattr('sys.argv', ['run.py', *map(str, arguments)])
        script.main()

    return run


@pytest.fixture
def part(scripts, monkeypatch, tmp_path):
    """Make a script the only part."""

    def make(text):
        (tmp_path / 'part.py').write_text(text)
        monkeypatch.setattr(scripts('run'), 'HERE', tmp_path)
        monkeypatch.setattr(scripts('run'), 'PARTS', {'losses': 'part.py'})
        return tmp_path / 'all.json'

    return make


def test_figures_of_all_parts_are_kept_printed_and_drawn(part, run_all, capsys, tmp_path):
    out = part(WRITES.format({'comparisons': [ROW], 'quick': '--quick'}))
    run_all('--only', 'losses', '--out', out, '--figures', tmp_path)
    kept = json.loads(out.read_text())
    assert kept['parts']['losses']['comparisons'] == [ROW]
    assert kept['machine']['versions']['torch']
    assert '0.40 to 0.60' in capsys.readouterr().out
    first = cv2.imread(str(tmp_path / 'performance.png'))
    assert first.std() > 5
    run_all('--data', out, '--figures', tmp_path)
    assert (cv2.imread(str(tmp_path / 'performance.png')) == first).all()
    assert '0.40 to 0.60' in capsys.readouterr().out


def test_a_part_that_fails_is_named_and_keeps_no_other_from_running(part, run_all, scripts):
    out = part('raise SystemExit(3)')
    (out.parent / 'good.py').write_text(WRITES.format({'comparisons': [ROW]}))
    scripts('run').PARTS['scores'] = 'good.py'
    with pytest.raises(SystemExit, match='error: losses failed'):
        run_all('--only', 'losses', 'scores', '--out', out)
    kept = json.loads(out.read_text())
    assert kept['failed'] == ['losses']
    assert kept['parts']['scores']['comparisons'] == [ROW]


def test_quick_is_handed_on(part, run_all):
    asks = "import json, sys\njson.dump({'asked': sys.argv[3:]}, open(sys.argv[2], 'w'))\n"
    out = part(asks)
    run_all('--only', 'losses', '--quick', '--out', out)
    assert json.loads(out.read_text())['parts']['losses']['asked'] == ['--quick']


def test_a_comparison_is_the_median_of_the_ratios_of_neighbours(scripts):
    row = scripts('comparisons').compare('own', 'peer', [1.0, 2.0, 1.0], [3.0, 2.0, 2.0])
    assert (row['speed'], row['low'], row['high']) == (2.0, 1.0, 3.0)


def test_growth_fits_the_exponent_of_the_larger_sizes(scripts):
    growth = scripts('growth')
    sizes = [10, 100, 1000, 10000]

    def cost(size):  # a constant that hides the growth of the smaller sizes
        return 300 + size**1.5

    row = growth.Curve('it', 'images', 's', 1.5, sizes, 2, cost).run(quick=False)
    assert row['exponent'] == pytest.approx(1.5, abs=0.06)
    assert row['values'] == [cost(size) for size in sizes]
    assert growth.Curve('it', 'images', 's', 1.5, sizes, 2, cost).run(quick=True)['sizes'] == [
        10,
        100,
    ]


@pytest.mark.slow
def test_processes_score_together(scripts):
    assert 0 < scripts('growth').process_seconds(images=200, processes=2) < 60


@pytest.mark.slow
def test_scores_are_measured_beside_their_peers(scripts, monkeypatch):
    scores = scripts('scores')
    seconds = scores.times((300, 7), repeats=3)
    rows = scores.comparisons((300, 7), seconds)
    assert [row['peer'].split(',')[0] for row in rows] == [
        'scikit-learn', 'scikit-learn', 'torchmetrics',
    ]  # fmt: skip
    batches = scores.samples(*scores.make((300, 7)))
    own = scores.validate(batches)['multi-label/mAP']
    assert own == pytest.approx(100 * scores.mean_average_precision(batches), abs=0.01)
