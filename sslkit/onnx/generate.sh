#!/bin/sh
# Writes onnx.pb.go from the official onnx.proto of the Python package onnx, with the protoc of grpcio-tools and
# the protoc-gen-go that go.mod pins. Run it in this directory: go generate
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet onnx==1.23.2 grpcio-tools==1.85.1
go build -o "$work/protoc-gen-go" google.golang.org/protobuf/cmd/protoc-gen-go

# Another package name: a program may link another copy of the format, and Go's protobuf refuses two of one name.
"$work/venv/bin/python" -c 'import onnx, pathlib; print((pathlib.Path(onnx.__file__).parent / "onnx.proto").read_text())' |
	sed 's/^package onnx;/package gossl.onnx;/' >"$work/gossl_onnx.proto"
protoc() { "$work/venv/bin/python" -m grpc_tools.protoc "$@"; }
# By way of a descriptor set, which has no comments: they are in the specification.
protoc -I "$work" --descriptor_set_out="$work/set" gossl_onnx.proto
protoc --descriptor_set_in="$work/set" --plugin="$work/protoc-gen-go" \
	--go_out=. --go_opt=Mgossl_onnx.proto=./onnx --go_opt=paths=source_relative gossl_onnx.proto
mv gossl_onnx.pb.go onnx.pb.go
