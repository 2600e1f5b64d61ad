#!/usr/bin/env bash
# Trains on several processes of one or several machines:
#   bash tools/dist_train.sh CONFIG PROCESSES_PER_MACHINE [options of tools/train.py]
# Over several machines, on each:  NNODES=2 NODE_RANK=0 MASTER_ADDR=host0 PORT=29500 bash tools/...
# With GPUs a process takes one and they talk through NCCL; without, they talk through gloo.
set -euo pipefail
usage='usage: dist_train.sh CONFIG PROCESSES [options]'
config=${1:?$usage}
processes=${2:?$usage}
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$tools")
if [ -d "$root/mmpretrain_mlml" ]; then # a checkout, installed or not
    export PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"
fi

exec "${PYTHON:-python}" -m torch.distributed.run \
    --nnodes="${NNODES:-1}" \
    --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" \
    --nproc_per_node="$processes" \
    "$tools/train.py" "$config" --launcher pytorch "${@:3}"
