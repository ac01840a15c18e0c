// Package onnx has Go types for files of ONNX, https://onnx.ai, generated from
// version 1.23.2 of the format's definition. Package pretrained writes networks
// with them.
package onnx

//go:generate ./generate.sh
