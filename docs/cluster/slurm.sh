#!/bin/bash
#SBATCH --job-name=ablation
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --time=08:00:00
# Ray on all nodes of the allocation, the study on the first one: sbatch slurm.sh STUDY [OPTION]...
# For GPUs add `#SBATCH --gpus-per-node=4`, and --gpus-per-trial among the options.
# Once before: `ray get-auth-token --generate`, in a home folder that all nodes share.
set -euo pipefail
export RAY_AUTH_MODE=token

first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
# Two jobs may share a node, so each has a port of its own.
address=$first:$((20000 + SLURM_JOB_ID % 10000))

srun ray symmetric-run --address "$address" --min-nodes "$SLURM_JOB_NUM_NODES" \
  --num-cpus "$SLURM_CPUS_PER_TASK" --include-dashboard=false -- \
  cnn-ablate run "$@" --executor ray --ray-address "$address"
