#!/usr/bin/env bash
# Train with several processes on one or several machines:
#   bash tools/dist_train.sh CONFIG PROCESSES_PER_MACHINE [options of tools/train.py]
# Over several machines, on each:  NNODES=2 NODE_RANK=0 MASTER_ADDR=host0 PORT=29500 bash tools/...
# With GPUs each process uses one of them and NCCL; without GPUs they use gloo.
# OMP_NUM_THREADS sets the CPU threads of a process; by default they share the cores of the machine.
# MAX_RESTARTS=3, with --resume: when a process dies, all restart from the last checkpoint, up to three
# times. With several machines, LOCAL_ADDR is then the address under which the others reach this one, if
# its host name does not resolve to it.
set -euo pipefail
usage='usage: dist_train.sh CONFIG PROCESSES [options]'
source "$(dirname "${BASH_SOURCE[0]}")/script.sh"
config=${1:?$usage}
processes=${2:?$usage}
share_cores "$processes"
nodes=${NNODES:-1} rank=${NODE_RANK:-0} address=${MASTER_ADDR:-127.0.0.1} port=${PORT:-29500}
restarts=${MAX_RESTARTS:-0}
if [ "$restarts" != 0 ] && [[ " ${*:3} " != *' --resume '* ]]; then
    echo "MAX_RESTARTS=$restarts needs --resume among the options: a restart would start from scratch" >&2
    exit 2
fi
if [ "$restarts" != 0 ]; then # a rendezvous that can be repeated
    if [ "$nodes" = 1 ]; then
        LOCAL_ADDR=${LOCAL_ADDR:-$address}
    fi
    rendezvous=(--rdzv_backend=c10d --rdzv_endpoint="$address:$port" --rdzv_id="$port"
        --rdzv_conf="is_host=$((rank == 0))" ${LOCAL_ADDR:+--local_addr="$LOCAL_ADDR"})
    # otherwise torch 2.15 keeps its store over a restart, with the addresses of dead processes
    export TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1
else
    rendezvous=(--node_rank="$rank" --master_addr="$address" --master_port="$port")
fi

exec "${PYTHON:-python}" -m torch.distributed.run \
    --nnodes="$nodes" \
    --nproc_per_node="$processes" \
    --max_restarts="$restarts" \
    "${rendezvous[@]}" \
    "$tools/train.py" "$config" --launcher pytorch "${@:3}"
