"""Test a model: MMPretrain's tools/test.py and its flags, on the repaired stack.

A checkpoint that does not fit the config is refused. --show-dir DIR also writes DIR/errors.html: the
most confident false positives and the worst misses of each class.
"""

import gc
import os

from command_line import parse_for_mmpretrain, run, take_option

THRESHOLDS = '--thresholds'
OPTIONS = {
    THRESHOLDS: 'number, or file of tools/tune_thresholds.py (default: of config, or else checkpoint)',
}
HOOKS = (
    'mmpretrain_mlml.ThresholdsHook',
    'mmpretrain_mlml.ClassTableHook',
    'mmpretrain_mlml.ErrorGalleryHook',
)


def main() -> None:
    os.environ.setdefault('OMP_WAIT_POLICY', 'passive')  # before torch: runtime/threads.py
    script = parse_for_mmpretrain('test.py', options=OPTIONS)
    thresholds = take_option(THRESHOLDS)
    gc.disable()  # until the run begins: imports would take half as long again
    from mmpretrain_mlml.runtime.fitting import refuse_unfitting_checkpoint
    from mmpretrain_mlml.runtime.scripts import run_mmpretrain_script

    refuse_unfitting_checkpoint()
    run_mmpretrain_script(script, thresholds=thresholds, hooks=HOOKS)


if __name__ == '__main__':
    run(main)
