#!/usr/bin/env bash
# Tries a whole image, in a container of its own, which needs no network:
#   docker run --rm --network none --cap-drop all sslkit:cpu docker/smoke.sh
# JupyterLab starts, is healthy, runs two cells and stops; then a benchmark's program trains for an epoch, on noise if /data
# has no CIFAR-10.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
log=$(mktemp)
docker/lab.sh >"$log" 2>&1 &
lab=$!
fail() {
	cat "$log"
	echo "smoke.sh: $1" >&2
	kill -TERM "$lab" 2>/dev/null
	exit 1
}
until problem=$(docker/health.sh 2>&1); do
	kill -0 "$lab" 2>/dev/null || fail "JupyterLab ended"
	((SECONDS < 180)) || fail "not healthy after $SECONDS s: $problem"
	sleep 0.5
done
echo "healthy after $SECONDS s"
docker/try.sh || fail "a cell failed"
kill -TERM "$lab"
wait "$lab" || fail "JupyterLab ended with $? when it was told to stop"

if [[ ! -d $SSLKIT_DATA/cifar-10-batches-bin ]]; then
	SSLKIT_DATA=$(mktemp -d)
	export SSLKIT_DATA
	"$SSLKIT_HOME/venv/bin/python" - "$SSLKIT_DATA/cifar-10-batches-bin" <<'PYTHON'
import pathlib
import random
import sys

folder = pathlib.Path(sys.argv[1])
folder.mkdir()
for name in ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"]:
    images = (bytes([i % 10]) + random.randbytes(3 * 32 * 32) for i in range(10_000))
    (folder / f"{name}.bin").write_bytes(b"".join(images))
PYTHON
fi
start=$SECONDS
./cifar10_benchmark -quick -methods SimCLR -images 256 -epochs 1 -out "$(mktemp -d)"
echo "benchmark done after $((SECONDS - start)) s"
