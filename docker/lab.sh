#!/usr/bin/env bash
# lab.sh [ARGUMENT]...: opens JupyterLab to the container's network; arguments are JupyterLab's own. JUPYTER_TOKEN is the
# token that a browser must show; without it, JupyterLab makes one and prints it.
set -euo pipefail

if [[ ! -w $SSLKIT_HOME ]]; then
	echo "lab.sh: user $(id -u) cannot write to $SSLKIT_HOME, where cells are built: build an image for this user" \
		"(docker/README.md says how), or mount a volume there if the container is read-only" >&2
	exit 1
fi

# Go drops from its build cache what nobody used for five days, which is all of it in an image of last week: let it wait
# a day with that. Set-up compiles anew what is about to become too old.
date +%s >"$SSLKIT_HOME/go/cache/trim.txt"

cd "$(dirname "${BASH_SOURCE[0]}")/.."
kernel/sslkit.sh setup
exec kernel/sslkit.sh lab notebooks --no-browser --ip=0.0.0.0 --port=8888 --port-retries=0 "$@"
