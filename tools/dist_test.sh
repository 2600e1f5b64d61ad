#!/usr/bin/env bash
# Test with several processes on one or several machines:
#   bash tools/dist_test.sh CONFIG CHECKPOINT PROCESSES_PER_MACHINE [options of tools/test.py]
# NNODES, NODE_RANK, MASTER_ADDR, PORT and OMP_NUM_THREADS as for dist_train.sh.
set -euo pipefail
usage='usage: dist_test.sh CONFIG CHECKPOINT PROCESSES [options]'
source "$(dirname "${BASH_SOURCE[0]}")/script.sh"
config=${1:?$usage}
checkpoint=${2:?$usage}
processes=${3:?$usage}
share_cores "$processes"

exec "${PYTHON:-python}" -m torch.distributed.run \
    --nnodes="${NNODES:-1}" \
    --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" \
    --nproc_per_node="$processes" \
    "$tools/test.py" "$config" "$checkpoint" --launcher pytorch "${@:4}"
