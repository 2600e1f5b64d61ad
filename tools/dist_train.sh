#!/usr/bin/env bash
# Trains on several processes of one or several machines:
#   bash tools/dist_train.sh CONFIG PROCESSES_PER_MACHINE [options of tools/train.py]
# Over several machines, on each:  NNODES=2 NODE_RANK=0 MASTER_ADDR=host0 PORT=29500 bash tools/...
# With GPUs a process takes one and they talk through NCCL; without, they talk through gloo.
# MAX_RESTARTS=3, with --resume: when a process dies, all start again from the last checkpoint, up to
# three times. Over several machines LOCAL_ADDR is then the address under which the others find this
# one, where its host name does not lead to it.
set -euo pipefail
usage='usage: dist_train.sh CONFIG PROCESSES [options]'
config=${1:?$usage}
processes=${2:?$usage}
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$tools")
if [ -d "$root/mmpretrain_mlml" ]; then # a checkout, installed or not
    export PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"
fi
nodes=${NNODES:-1} rank=${NODE_RANK:-0} address=${MASTER_ADDR:-127.0.0.1} port=${PORT:-29500}
restarts=${MAX_RESTARTS:-0}
if [ "$restarts" != 0 ] && [[ " ${*:3} " != *' --resume '* ]]; then
    echo "MAX_RESTARTS=$restarts needs --resume among the options: a restart would begin anew" >&2
    exit 2
fi
if [ "$restarts" != 0 ]; then # machines that can find each other once more
    if [ "$nodes" = 1 ]; then
        LOCAL_ADDR=${LOCAL_ADDR:-$address}
    fi
    meeting=(--rdzv_backend=c10d --rdzv_endpoint="$address:$port" --rdzv_id="$port"
        --rdzv_conf="is_host=$((rank == 0))" ${LOCAL_ADDR:+--local_addr="$LOCAL_ADDR"})
    # torch 2.15 else keeps its store over a restart, with the addresses of dead processes in it
    export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1
else
    meeting=(--node_rank="$rank" --master_addr="$address" --master_port="$port")
fi

exec "${PYTHON:-python}" -m torch.distributed.run \
    --nnodes="$nodes" \
    --nproc_per_node="$processes" \
    --max_restarts="$restarts" \
    "${meeting[@]}" \
    "$tools/train.py" "$config" --launcher pytorch "${@:3}"
