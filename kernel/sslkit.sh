#!/bin/sh
# Checks that this machine has what sslkit needs, builds the sslkit-kernel command and runs it.
# Usage: kernel/sslkit.sh COMMAND [ARGUMENT...], for example kernel/sslkit.sh setup
set -eu

repo=$(CDPATH="" cd -- "$(dirname "$0")/.." && pwd -P)
home=${SSLKIT_HOME:-${XDG_DATA_HOME:-$HOME/.local/share}/sslkit}
case $home in
/*) ;;
*) home=$PWD/$home ;;
esac
go_wanted=$(sed -n 's/^go //p' "$repo/go.mod")
missing=""

need() { # need WHAT HOW-TO-INSTALL
	missing="$missing
  - $1
      $2"
}

no_spaces() { # no_spaces NAME PATH: GOFLAGS, XLA_FLAGS and GoNB's flags split at these characters
	case $2 in
	*[[:space:],:]*) need "$1 without spaces, commas and colons in its path (it is '$2')" "$3" ;;
	esac
}

check_go() {
	install="install Go $go_wanted or later from go.dev/dl (a distribution's package may be too old)"
	if ! version=$(GOTOOLCHAIN=local plainly go env GOVERSION 2>/dev/null); then
		need "Go $go_wanted or later: there is no working 'go' on PATH" "$install"
	elif ! (cd "$repo" && GOTOOLCHAIN=local GOWORK=off GOFLAGS='' plainly go list -m >/dev/null 2>&1); then
		need "Go $go_wanted or later: 'go' on PATH is $version" "$install"
	fi
}

# Runs a command so that Go keeps its counters in the data directory, and builds for this machine, by itself, whatever the
# user has set for other work. Of 'go env -w' settings those for downloads count. As kernel/install/home decides it.
plainly() (
	unset GO111MODULE GOROOT GOTOOLDIR GOEXPERIMENT GOFIPS140 GOTMPDIR GOCACHEPROG GOSSAFUNC GO_EXTLINK_ENABLED GCCGO \
		GOOS GOARCH GOHOSTOS GOHOSTARCH GOAMD64 GO386 GOARM GOARM64 GOMIPS GOMIPS64 GOPPC64 GORISCV64 GOWASM
	settings=${GOENV:-${XDG_CONFIG_HOME:-$HOME/.config}/go/env}
	if [ -f "$settings" ]; then
		for name in GOPROXY GOSUMDB GOPRIVATE GONOPROXY GONOSUMDB GOINSECURE GOVCS GOAUTH; do
			value=$(sed -n "s/^$name=//p" "$settings")
			eval "now=\${$name:-}"
			[ -z "$value" ] || [ "$now" ] || export "$name=$value"
		done
	fi
	export GOENV=off XDG_CONFIG_HOME="$home/config"
	[ -z "${GOTMP:-}" ] || export GOTMPDIR="$GOTMP"
	"$@"
)

check_compiler() {
	for cc in ${CC:-gcc clang cc}; do
		if printf '#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n' |
			"$cc" -x c -fsyntax-only - >/dev/null 2>&1; then
			CC=$cc
			return
		fi
	done
	need "a C compiler with the C library's headers (${CC:-gcc, clang or cc})" \
		"Debian, Ubuntu: sudo apt install gcc libc6-dev    Fedora: sudo dnf install gcc glibc-devel"
}

check_python() {
	install="Debian, Ubuntu: sudo apt install python3 python3-venv    Fedora: sudo dnf install python3"
	found=""
	for python in ${SSLKIT_PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python3.10}; do
		"$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || continue
		found=$python
		"$python" -I -c 'import venv, ensurepip' 2>/dev/null || continue
		SSLKIT_PYTHON=$python
		return
	done
	if [ "$found" ]; then
		need "Python's venv and ensurepip modules ('$found' lacks them)" "$install"
	else
		need "Python 3.10 or later (${SSLKIT_PYTHON:-python3})" "$install"
	fi
}

wants_cuda() { # as set-up decides it, see internal/nvidia
	case ${SSLKIT_CUDA:-} in
	0) return 1 ;;
	1) return 0 ;;
	esac
	[ -e /dev/nvidiactl ] || [ -e /proc/driver/nvidia/version ] || command -v nvidia-smi >/dev/null
}

check_cuda() {
	case ${SSLKIT_CUDA:-} in
	'' | 0 | 1) ;;
	*) need "SSLKIT_CUDA=1, to install CUDA whether or not there is a GPU, or 0, not to (it is '$SSLKIT_CUDA')" "unset it" ;;
	esac
}

check_space() {
	[ -e "$home/setup.json" ] && return # set-up has been here: most of it is there
	megabytes=3000
	if wants_cuda; then megabytes=10000; fi
	folder=$home
	while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
	free=$(df -Pk "$folder" | awk 'NR == 2 { print int($4 / 1024) }')
	if [ "$free" -lt "$megabytes" ]; then
		need "$megabytes MB of free disk space below $home: there are $free MB" \
			"free some space, or set SSLKIT_HOME to a directory on a larger disk"
	fi
}

if [ "$(uname -sm)" != "Linux x86_64" ]; then
	echo "sslkit runs on Linux on x86-64; this is $(uname -sm)." >&2
	exit 1
fi
case ${1:-} in # what needs set-up, and its last step
exec | run | lab | test | warm | install | bundle)
	if [ -z "$(sed -n '/"Compile what notebooks import"/p' "$home/setup.json" 2>/dev/null)" ]; then
		echo "sslkit is not set up in $home: run \`make setup\` in $repo" >&2
		exit 1
	fi
	;;
esac
no_spaces "a data directory" "$home" "set SSLKIT_HOME to another directory"
no_spaces "a checkout" "$repo" "move the checkout"
check_go
check_compiler
check_python
check_cuda
check_space
if [ "$missing" ]; then
	echo "sslkit needs things that this machine lacks:$missing" >&2
	exit 1
fi

build() (
	cd "$repo"
	export GOPATH="$home/go" GOCACHE="$home/go/cache" GOMODCACHE="$home/go/pkg/mod" CC
	export GOFLAGS="-buildvcs=false -modcacherw '-ldflags=-w -linkmode=internal'" GOWORK=off GOTOOLCHAIN=local
	GOTMP=$home/tmp CGO_ENABLED=0 plainly go build -o "$home/bin/sslkit-kernel" ./kernel/cmd/sslkit-kernel
)

patience() { # says that the build goes on, should it take longer than two seconds
	sleep 2 >/dev/null 2>&1
	printf 'Building the sslkit-kernel command ' >&2
	while :; do
		printf . >&2
		sleep 2 >/dev/null 2>&1
	done
}

mkdir -p "$home/bin" "$home/tmp"
start=$(date +%s)
patience &
patience=$!
build || status=$?
kill "$patience"
[ $(($(date +%s) - start)) -lt 2 ] || echo >&2
[ "${status:-0}" -eq 0 ] || exit "$status"
SSLKIT_HOME=$home SSLKIT_PYTHON=$SSLKIT_PYTHON CC=$CC exec "$home/bin/sslkit-kernel" "$@"
