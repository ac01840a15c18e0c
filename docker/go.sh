#!/usr/bin/env bash
# go.sh FOLDER: puts the Go toolchain that the image is built with into FOLDER. Debian's Go is too old, but fetches
# another by its version, and checks that against Go's checksum database; this script checks it once more.
set -euo pipefail

version=1.26.8
sum=h1:ZOmGe1OnfREDMIdb1Qi4G9JSuDPBLGExZMQ4nis1RXM= # SHA-256 of golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64

folder=${1:?"go.sh: want the folder that gets the toolchain"}
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes --no-install-recommends ca-certificates golang-go

GOPATH=$(mktemp -d)
export GOPATH GOFLAGS=-modcacherw GOTOOLCHAIN=go$version
[[ ${GOPROXY:-} != file://* ]] || export GOSUMDB=off # Go allows that for a local proxy alone; the sum above is checked
cd "$GOPATH" # there is no go.mod that wants another version
root=$(go env GOROOT)
fetched=$(cat "$GOPATH/pkg/mod/cache/download/golang.org/toolchain/@v/v0.0.1-go$version.linux-amd64.ziphash")
if [[ $fetched != "$sum" ]]; then
	echo "go.sh: the toolchain of Go $version has the sum $fetched, want $sum" >&2
	exit 1
fi
mkdir -p "$(dirname "$folder")"
mv "$root" "$folder"
