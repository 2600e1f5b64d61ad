"""A map over processes that tolerates crashes."""

import pytest
from helpers.launched import assert_end_with_their_process, descendants, wait_until
from helpers.processes import start

from mmpretrain_mlml.datasets.check.process_map import process_map

KILLED = """
import time
from mmpretrain_mlml.datasets.check.process_map import process_map

if __name__ == '__main__':
    for done, _ in enumerate(process_map(time.sleep, 32 * [0] + 32 * [0.5], 1), 1):
        if done == 32:
            print('ready', flush=True)
"""


def test_an_item_that_crashes_its_process_has_no_result():
    items = [f'{n} + 1' for n in range(40)]
    items[7] = '__import__("os")._exit(1)'
    results = dict(process_map(eval, items, workers=1))
    assert results == {n: None if n == 7 else n + 1 for n in range(40)}


@pytest.mark.slow
def test_workers_end_when_their_process_is_killed(tmp_path):
    script, log = tmp_path / 'killed.py', tmp_path / 'log'
    script.write_text(KILLED)
    with log.open('w') as output:
        process = start(['python', script], output, cold=True)
    wait_until(lambda: 'ready' in log.read_text())
    workers = descendants(process.pid)
    assert len(workers) >= 2  # their server, and one at least
    assert_end_with_their_process(workers, process)
