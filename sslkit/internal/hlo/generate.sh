#!/bin/sh
# Writes hlo.pb.go from gossl_hlo.proto, with the protoc of the Python package grpcio-tools and the protoc-gen-go that go.mod
# pins. Run it in this directory: go generate
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet grpcio-tools==1.85.1
go build -o "$work/protoc-gen-go" google.golang.org/protobuf/cmd/protoc-gen-go

"$work/venv/bin/python" -m grpc_tools.protoc -I . --plugin="$work/protoc-gen-go" \
	--go_out=. --go_opt=Mgossl_hlo.proto=./hlo --go_opt=paths=source_relative gossl_hlo.proto
mv gossl_hlo.pb.go hlo.pb.go
