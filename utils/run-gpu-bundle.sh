#!/usr/bin/env bash
#
# Part of the condcomp project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Runs the programs of an archive of `./dev bundle` on this machine's GPU and
# compares their results. The last line has the totals. Exit code: 0 when all
# agree, 1 when some do not, 77 when there is no GPU.

set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
export LD_LIBRARY_PATH=$PWD/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

readonly LIMIT=120
flags=()
chips=""
while (($#)); do
  case $1 in
    --benchmark) flags+=(--benchmark --inputs-on-gpu) ;;
    --chips) chips=${2:?--chips needs names}; shift ;;
    *)
      echo "Usage: run.sh [--benchmark] [--chips NAMES]

Runs all calls with the programs for this GPU: machine code for its chip if the
archive has some, and those in PTX.

  --benchmark    also times every call: its arguments are on the GPU, and results are
                 copied from there
  --chips NAMES  instead of those for this GPU, separated by commas"
      [[ $1 == -h || $1 == --help ]]
      exit ;;
  esac
  shift
done

# What the GPU is. Without nvidia-smi, only PTX is sure to fit.
gpu=$(nvidia-smi --query-gpu=name,compute_cap,driver_version --format=csv,noheader 2>/dev/null | head -n 1)
echo "GPU: ${gpu:-not known by nvidia-smi}"
if [[ -z $chips ]]; then
  capability=$(cut -d, -f2 <<<"$gpu" | tr -d ' .')
  for library in programs/*.so; do
    chip=${library%.so} chip=${chip##*.}
    case $chip in
      ptx-*) ;;
      *) [[ $chip == "sm_$capability" || $chip == "sm_${capability}a" ]] || continue ;;
    esac
    [[ ,$chips, == *",$chip,"* ]] || chips+=${chips:+,}$chip
  done
fi
[[ $chips ]] || { echo "no program of the archive is for this GPU" >&2; exit 1; }

agree=0 differ=0
for chip in ${chips//,/ }; do
  while IFS=$'\t' read -r program function error arguments; do
    # shellcheck disable=SC2086
    # A kernel whose threads wait for each other in vain would never end.
    output=$(timeout "$LIMIT" bin/cc-run-aot "programs/$program.$chip.so" "--function=$function" \
      $arguments ${flags[@]+"${flags[@]}"} 2>&1 </dev/null)
    status=$?
    ((status != 124)) || output="no end after $LIMIT s"
    if ((agree + differ == 0 && status)) &&
      grep -qE 'error: (no NVIDIA driver|no GPU)' <<<"$output"; then
      echo "skipped: nothing was run: ${output#*error: }"
      exit 77
    fi
    if [[ $error == - ]]; then
      good=$((status == 0))
    else
      good=0
      ((status)) && grep -qF -- "$error" <<<"$output" && good=1
    fi
    if ((good)); then
      agree=$((agree + 1))
      ((${#flags[@]} == 0)) || [[ $error != - ]] || echo "$program $chip: $output"
    else
      differ=$((differ + 1))
      echo "FAILED: $program.$chip.so --function=$function $arguments"
      echo "  expected: $([[ $error == - ]] && echo "the results of the archive" || echo "an error with '$error'")"
      echo "  got: ${output:-no error}"
    fi
  done <calls.txt
done
echo "$chips: $agree calls agree, $differ do not"
((differ == 0))
