#!/usr/bin/env bash
# Submits a job to Slurm: an array with one task a shard, and the merge that runs when all shards are there.
#
#   Jobs/slurm/submit.sh JOB.yaml SHARDS [--output Tiles] [--missing] [options of sbatch]
#   Jobs/slurm/submit.sh job.yaml 16 --output /shared/Tiles --partition=long --mem=16G --cpus-per-task=8
#
# --missing submits only the shards that are not complete. The job, its dumps and the output must be on storage that every node sees.
# The program is `divergence` in PATH, or what the variable DIVERGENCE names.
set -euo pipefail

usage() { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 64; }
[ $# -ge 2 ] || usage
job=$1 shards=$2
shift 2
[[ $shards =~ ^[1-9][0-9]*$ ]] || usage
output=Tiles missing= options=()
while [ $# -gt 0 ]; do
  case $1 in
  --output) [ $# -ge 2 ] || usage; output=$2; shift 2 ;;
  --output=*) output=${1#*=}; shift ;;
  --missing) missing=1; shift ;;
  *) options+=("$1"); shift ;;
  esac
done
[ -r "$job" ] || { echo "$job: there is no such job file, or it cannot be read." >&2; exit 66; }
job=$(realpath "$job") output=$(realpath -m "$output")
program=$(command -v "${DIVERGENCE:-divergence}") || {
  echo "There is no divergence in PATH. Install it where all nodes see it, or set DIVERGENCE to its path." >&2
  exit 66
}
program=$(realpath "$program")
here=$(dirname "$(realpath "$0")")

array=0-$((shards - 1))
if [ -n "$missing" ]; then
  array=$("$program" merge "$job" --output "$output" --missing "$shards")
fi

submit() { sbatch --parsable "${options[@]}" "$@"; }
merge=()
if [ -n "$array" ]; then
  tasks=$(submit --job-name="shards of $(basename "$job")" --array="$array" \
    "$here/divergence.sbatch" "$program" precompute "$job" --shard "auto/$shards" --output "$output")
  # Without kill-on-invalid-dep a shard that failed would leave the merge pending for ever.
  merge=(--dependency="afterok:$tasks" --kill-on-invalid-dep=yes)
fi
joined=$(submit --job-name="merge of $(basename "$job")" --output=divergence-%j.log "${merge[@]}" \
  "$here/divergence.sbatch" "$program" merge "$job" --output "$output")

cat <<END
${tasks:+shards $array: job $tasks
}merge: job $joined
Watch them:            squeue -r -j ${tasks:+$tasks,}$joined
Their logs:            tail -F ${tasks:+divergence-${tasks}_*.log }divergence-$joined.log
If a shard is lost:    $0 $job $shards --output $output --missing ${options[*]}
When the merge is done: divergence serve $output
END
