#!/usr/bin/env bash
# shard.sh PROGRAM [ARGUMENT]...: runs a benchmark's program with the share of its runs that belongs to this task of a
# Slurm job array or of a Kubernetes indexed job.
set -euo pipefail

if [[ -n ${SLURM_ARRAY_TASK_ID:-} ]]; then
	# shellcheck disable=SC2153 # Slurm sets both
	share=$(((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN) / ${SLURM_ARRAY_TASK_STEP:-1}))
	shares=$SLURM_ARRAY_TASK_COUNT
elif [[ -n ${JOB_COMPLETION_INDEX:-} ]]; then
	share=$JOB_COMPLETION_INDEX
	shares=${JOB_COMPLETIONS:?"shard.sh: set JOB_COMPLETIONS to the job's number of completions"}
else
	echo "shard.sh: neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set: want a task of a job array or of an indexed job" >&2
	exit 2
fi
exec "$@" -shard "$share/$shares"
