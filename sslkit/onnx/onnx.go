// Package onnx is the ONNX file format, version 1.23.2 of its definition, as Go
// types: https://onnx.ai. They are generated. What is written with them is
// decided elsewhere.
package onnx

//go:generate ./generate.sh
