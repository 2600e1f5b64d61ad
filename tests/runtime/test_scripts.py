"""MMPretrain's tools on the repaired stack: what surrounds them."""

import os
import signal

from helpers.processes import start

LOGS = """
import logging, sys, time
from mmpretrain_mlml.runtime.scripts import end_with_reader

end_with_reader()
logger = logging.getLogger('run')
logger.addHandler(logging.StreamHandler(sys.stdout))
for n in range(1000):
    logger.warning('line %d', n)
    time.sleep(0.01)
"""


def test_a_run_whose_log_nobody_reads_any_more_is_asked_to_stop(tmp_path):
    script = tmp_path / 'logs.py'
    script.write_text(LOGS)
    ours, theirs = os.pipe()
    with os.fdopen(theirs, 'w') as output:
        process = start(['python', script], output)
    with os.fdopen(ours) as log:
        assert log.readline() == 'line 0\n'
    assert process.wait(120) == -signal.SIGTERM
