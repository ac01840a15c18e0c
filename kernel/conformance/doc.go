// Package conformance holds the tests of the kernel as a client sees it: a front,
// a real GoNB and the cells' processes, driven by the Jupyter protocol. They need
// what `make setup` installs, no network and no Python.
package conformance
