// Package wire speaks version 5.3 of the Jupyter messaging protocol over ZeroMQ:
// connection files, and messages with their signatures. It knows nothing of Go.
package wire
