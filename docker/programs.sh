#!/usr/bin/env bash
# Builds the benchmarks' programs in the checkout, where the jobs beside this file look for them.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
for program in cifar10_benchmark imagenette_benchmark; do
	kernel/sslkit.sh exec go build -buildvcs=auto -o "$program" "./notebooks/$program"
done
