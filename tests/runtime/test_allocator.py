import subprocess
import sys

import pytest
from helpers import ROOT
from helpers.runners import make_runner

from mmpretrain_mlml.runtime import scripts

FAULTS = """
import ctypes, resource, runpy
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
kept = runpy.run_path('mmpretrain_mlml/runtime/allocator.py')['keep_freed_memory']()
for _ in range(40):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    block = libc.malloc(1 << 26)
    libc.memset(block, 1, 1 << 26)
    libc.free(block)
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(kept, faults)
"""


def last_faults(**env):
    """Whether memory is kept, and the pages that the system hands out for the last of some blocks."""
    command = [sys.executable, '-S', '-c', FAULTS]
    shown = subprocess.run(
        command, env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    kept, faults = shown.stdout.split()
    return kept == 'True', int(faults)


@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='glibc is on Linux')
def test_memory_of_the_last_step_is_used_again():
    kept, faults = last_faults()
    assert kept
    assert faults < 100


@pytest.mark.parametrize(
    'variable', [{'MALLOC_MMAP_THRESHOLD_': '65536'}, {'GLIBC_TUNABLES': 'glibc.malloc.check=0'}]
)
def test_what_the_user_has_set_stays(variable):
    kept, faults = last_faults(**variable)
    assert not kept
    assert faults > 10_000  # 64 MiB in pages of 4 KiB


def test_it_is_kept_when_a_run_begins(monkeypatch, tmp_path):
    called = []
    monkeypatch.setattr(scripts, 'keep_freed_memory', lambda: called.append(True))
    runner = make_runner(tmp_path)
    runner.register_hook(scripts.KeepFreedMemory())
    assert not called
    runner.train()
    assert called == [True]
