"""Train a model: MMPretrain's tools/train.py and its flags, on the repaired stack."""

import gc
import os

from command_line import parse_for_mmpretrain, run, take_flag

ACCEPT = '--accept-changes'
FLAGS = {
    ACCEPT: 'with --resume: a loss, label list, schedule or other setting that differs from that of '
    'the checkpoint is meant',
}
HOOKS = 'mmpretrain_mlml.ThresholdsHook', 'mmpretrain_mlml.ClassTableHook'


def main() -> None:
    os.environ.setdefault('OMP_WAIT_POLICY', 'passive')  # before torch: runtime/threads.py
    script = parse_for_mmpretrain('train.py', FLAGS)
    accept_changes = take_flag(ACCEPT)
    gc.disable()  # until the run begins: imports would take half as long again
    from mmpretrain_mlml.runtime.scripts import run_mmpretrain_script

    run_mmpretrain_script(script, accept_changes, hooks=HOOKS)


if __name__ == '__main__':
    run(main)
