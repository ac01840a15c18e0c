#!/usr/bin/env bash
# Installs the system's packages that sslkit needs, and nothing that they only recommend.
set -euo pipefail

export DEBIAN_FRONTEND=noninteractive
apt-get update
packages=(
	ca-certificates     # downloads
	gcc libc6-dev       # cells are built with cgo
	git                 # records of benchmarks name the commit
	make                # what the README says works in here, too
	python3 python3-venv # JupyterLab
	tini                # reaps what cells leave behind, and hands signals on
)
apt-get install --yes --no-install-recommends "${packages[@]}"
apt-get clean
rm -rf /var/lib/apt/lists/*
