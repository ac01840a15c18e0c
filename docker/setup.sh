#!/usr/bin/env bash
# Sets up the checkout in the working directory, for an image: without the archives of Go's modules, a tenth of it. Cells
# and programs are built from the unpacked modules.
set -euo pipefail

kernel/sslkit.sh setup
find "$SSLKIT_HOME/go/pkg/mod/cache/download" -name '*.zip' -delete
