#!/usr/bin/env bash
# Test with several processes on one or several machines:
#   bash tools/dist_test.sh CONFIG CHECKPOINT PROCESSES_PER_MACHINE [options of tools/test.py]
# NNODES, NODE_RANK, MASTER_ADDR, PORT and OMP_NUM_THREADS as for dist_train.sh.
set -euo pipefail
usage='usage: dist_test.sh CONFIG CHECKPOINT PROCESSES [options]'
for argument in "$@"; do
    if [[ $argument == -h || $argument == --help ]]; then
        echo "$usage"
        sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit
    fi
done
config=${1:?$usage}
checkpoint=${2:?$usage}
processes=${3:?$usage}
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$tools")
package=$root # of a wheel
if [ -d "$root/mmpretrain_mlml" ]; then # a checkout, installed or not
    package=$root/mmpretrain_mlml
    export PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"
fi
if [ -z "${OMP_NUM_THREADS:-}${MKL_NUM_THREADS:-}" ] && [[ $processes =~ ^[1-9][0-9]*$ ]]; then
    # the cores shared out; torchrun would set 1, with a warning
    OMP_NUM_THREADS=$("${PYTHON:-python}" "$package/runtime/threads.py" "$processes")
    export OMP_NUM_THREADS MKL_NUM_THREADS=$OMP_NUM_THREADS
fi

exec "${PYTHON:-python}" -m torch.distributed.run \
    --nnodes="${NNODES:-1}" \
    --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" \
    --nproc_per_node="$processes" \
    "$tools/test.py" "$config" "$checkpoint" --launcher pytorch "${@:4}"
