# beyond_digits.py with a lower tau for all that flips.
#   export PYTHONPATH=benchmarks:$PWD
#   python tools/study.py benchmarks/beyond_digits_low_tau.py --only '0.4left_SPLC*' '0.4left_t*'
_base_ = 'beyond_digits.py'
losses = {
    'SPLC': dict(tau=0.5),
    'SPLC-on-BCE': dict(tau=0.5),
    'teacher': dict(tau=0.5),
    'two-views': dict(tau=0.5),
}
