"""Test a model: MMPretrain's tools/test.py and its flags, on the repaired stack.

A checkpoint that does not fit the config is refused.
"""

import os

os.environ.setdefault('OMP_WAIT_POLICY', 'passive')  # before torch is imported: runtime/threads.py

import mmpretrain_mlml  # noqa: F401  registers the parts and repairs the stack
from mmpretrain_mlml.repairs.fitting import refuse_unfitting_checkpoint
from mmpretrain_mlml.runtime.scripts import run_mmpretrain_script

if __name__ == '__main__':
    refuse_unfitting_checkpoint()
    run_mmpretrain_script('test.py')
