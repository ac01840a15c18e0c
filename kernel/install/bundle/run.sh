#!/usr/bin/env bash
# Runs what is in this bundle. It needs bash, the usual commands and glibc; no Go, no network, no root.
# ./run.sh without arguments says how to use it.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
commit='' changed='' go='' glibc='' plugin='' made='' # about.txt sets them
# shellcheck source=/dev/null
. "$here/about.txt" || exit 1
out=${OUT:-$here/out}
failed=0

usage() {
	cat <<TEXT
usage: ./run.sh STAGE... [-- ARGUMENT...]      arguments are added to those of the benchmark's program
       ./run.sh do PROGRAM [ARGUMENT...]       a program of bin/, or any other, in the same environment

stages, which are done in the order given:
  machine   what this machine is, by which others can tell what was measured
  smoke     SimCLR for one epoch of each data set here, with its kNN accuracy: does everything work?
  full      SimCLR whole: the published recipe of each data set here; METHODS=MoCo,BYOL or all for others
  five      two epochs of each of the five methods of the published tables: time of a step, memory
  tests     golden steps, resuming and memory on the device; TESTS=. runs all tests of the packages
  steps     time and peak memory of training steps; METHODS as above, BATCHES and PRECISIONS with spaces
  flags     SimCLR's two epochs with each set of XLA flags in FLAGS, separated by |

settings, as variables:
  OUT       where results go (now $out): for each stage a folder, and an archive of it without checkpoints
  DEVICE    cuda or cpu (the default is that of the plugin)
  SSLKIT_DATA, SSLKIT_HOME, PJRT_PLUGIN_LIBRARY_PATH: data sets, caches, and plugins elsewhere
A stage that was stopped goes on where it was when it is started again.
TEXT
}

die() {
	echo "run.sh: $*" >&2
	exit 1
}

check_glibc() {
	local have
	have=$(getconf GNU_LIBC_VERSION 2>/dev/null) || die "this machine's C library is not glibc: the programs need glibc $glibc or later"
	have=${have#glibc }
	[[ $(printf '%s\n%s\n' "$glibc" "$have" | sort -V | head -n 1) == "$glibc" ]] ||
		die "this machine has glibc $have, the programs need $glibc or later: make the bundle on a machine as old as this one"
}

# Without a plugin of its own the bundle uses the wheel that is installed for this machine's Python.
python_packages() { # python_packages MODULE: the folder of the packages with it
	"${SSLKIT_PYTHON:-python3}" -c '
import importlib.util, pathlib, sys
name = sys.argv[1]
found = importlib.util.find_spec(name.partition(".")[0]) and importlib.util.find_spec(name)
if not found: sys.exit(1)
place = pathlib.Path(list(found.submodule_search_locations)[0])
print(place.parents[name.count(".")])' "$1" 2>/dev/null
}

find_plugin() {
	local packages
	[[ -z ${PJRT_PLUGIN_LIBRARY_PATH:-} ]] || {
		[[ -e $PJRT_PLUGIN_LIBRARY_PATH/pjrt_c_api_cuda_plugin.so ]] && kind=cuda || kind=cpu
		return
	}
	export PJRT_PLUGIN_LIBRARY_PATH=$here/plugins
	kind=$plugin
	case $plugin in
	cpu) return ;;
	cuda) packages=$here/packages ;;
	*)
		PJRT_PLUGIN_LIBRARY_PATH=$out/plugins
		mkdir -p "$out/plugins" || exit 1
		if packages=$(python_packages jax_plugins.xla_cuda13); then
			kind=cuda
			ln -sfn "$packages/jax_plugins/xla_cuda13/xla_cuda_plugin.so" "$out/plugins/pjrt_c_api_cuda_plugin.so"
		elif packages=$(python_packages lammps_jax_pjrt_cpu); then
			kind=cpu
			ln -sfn "$packages/lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so" "$out/plugins/pjrt_c_api_cpu_plugin.so"
		else
			die "there is no XLA plugin: the bundle was made without, and ${SSLKIT_PYTHON:-python3} has no package jax_plugins.xla_cuda13;" \
				"set SSLKIT_PYTHON to a Python that has it, PJRT_PLUGIN_LIBRARY_PATH to a folder with pjrt_c_api_cuda_plugin.so, or make the bundle with --plugin cuda"
		fi
		;;
	esac
	local folder libraries=''
	for folder in "$packages"/nvidia/*/lib; do
		[[ -d $folder ]] && libraries+=$folder:
	done
	export LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:-}
}

# What runs gets the first signal to end, and this script waits until it has saved its work.
stopped=''
child=''
trap 'stopped=yes; [[ -z $child ]] || kill -TERM "$child" 2>/dev/null' INT TERM

run() { # run LOG COMMAND...
	local log=$1 status
	shift
	"$@" >>"$log" 2>&1 &
	child=$!
	wait "$child"
	status=$?
	while kill -0 "$child" 2>/dev/null; do # wait returns at a signal, too
		wait "$child"
		status=$?
	done
	child=''
	return "$status"
}

# one NAME COMMAND...: runs it in the folder NAME of the results, and packs that.
one() {
	local name=$1 start=$SECONDS status
	shift
	[[ -z $stopped ]] || return
	mkdir -p "$out/$name" || exit 1
	run "$out/$name/log.txt" "$@"
	status=$?
	echo "== $name: exit status $status after $((SECONDS - start)) s"
	if ((status != 0)) && [[ -z $stopped ]]; then
		failed=1
		tail -n 15 "$out/$name/log.txt"
	fi
	pack "$name"
}

pack() { # pack NAME: what others want to see of it, without checkpoints
	cp "$out/machine.txt" "$here/about.txt" "$out/$1/"
	tar -C "$out" --exclude='*.safetensors' --exclude='*.safetensors.*' -czf "$out/$1.tar.gz" "$1" || failed=1
}

# bench NAME ARGUMENT...: the programs of the data sets that are here.
bench() {
	local name=$1 set program found=''
	shift
	for set in cifar10:cifar-10-batches-bin imagenette:imagenette2-160; do
		[[ -d $SSLKIT_DATA/${set#*:} ]] || continue
		found=yes
		program=${set%%:*}
		one "$program-$name" "$here/bin/${program}_benchmark" -device "$device" -out "$out/$program-$name" "$@" "${arguments[@]}"
		last_epochs "$out/$program-$name"
	done
	[[ $found ]] || die "there is no data set in $SSLKIT_DATA: set SSLKIT_DATA, or make the bundle with --data cifar10"
}

last_epochs() { # last_epochs FOLDER: the last line of each run's epochs
	find "$1" -name epochs.jsonl | sort | while read -r file; do
		echo "$(basename "$(dirname "$file")"): $(tail -n 1 "$file")"
	done
}

machine() {
	{
		echo "bundle: commit ${commit:-unknown}$([[ $changed == true ]] && echo ', changed'), $go, made $made"
		echo "device: $device, plugin: $plugin"
		uname -srm
		getconf GNU_LIBC_VERSION
		grep -m 1 '^model name' /proc/cpuinfo
		echo "processors: $(nproc)"
		grep MemTotal /proc/meminfo
		cat /proc/driver/nvidia/version 2>/dev/null || echo "no NVIDIA driver"
		nvidia-smi 2>/dev/null
	} >"$out/machine.txt"
}

tests() {
	local folder name log counts
	[[ -d $here/tests ]] || die "the bundle was made without tests"
	for folder in "$here"/tests/*/; do
		name=$(basename "$folder")
		[[ -x $folder/$name.test ]] || continue
		log=$out/tests-$name/log.txt
		rm -f "$log"
		one "tests-$name" env -C "$folder" SSLKIT_GOLDEN="$here/tests/testdata/golden" SSLKIT_TEST_DEVICE="$device" \
			"$folder/$name.test" -test.v -test.timeout 30m -test.run "${TESTS:-Golden|Resume|Middle|Killed|Memory|LeaveNothing|OpenXLA}" "${arguments[@]}"
		counts=$(for result in PASS FAIL SKIP; do echo "$(grep -c -- "--- $result: " "$log") $result"; done)
		echo "$name: ${counts//$'\n'/, }"
	done
}

steps() {
	local width=64 method batch precision batches='128 512' precisions='bf16 f32' name methods=${METHODS:-all}
	[[ -d $here/tests ]] || die "the bundle was made without tests"
	[[ $device == cuda ]] || width=16 batches=64 precisions=f32
	[[ $methods != all ]] || methods='SimCLR MoCo SimSiam BarlowTwins BYOL'
	for precision in ${PRECISIONS:-$precisions}; do
		for batch in ${BATCHES:-$batches}; do
			for method in ${methods//,/ }; do # a process each: so the peak is its own
				[[ -z $stopped ]] || return
				name=steps/$method-$batch-$precision
				one "$name" env -C "$here/tests/train" SSLKIT_TEST_DEVICE="$device" ./train.test -test.run '^$' -test.benchtime "${STEPS:-10x}" \
					-test.bench "^BenchmarkStep\$/^method=$method\$/^width=$width\$/^batch=$batch\$/^precision=$precision\$" "${arguments[@]}"
				grep '^BenchmarkStep' "$out/$name/log.txt"
			done
		done
	done
}

flags() {
	local sets i=0 set
	IFS='|' read -ra sets <<<"${FLAGS:-}"
	((${#sets[@]} > 0)) || die "FLAGS is empty: want for example FLAGS='--xla_a=1|--xla_b=2'"
	for set in "${sets[@]}"; do
		i=$((i + 1))
		echo "flags $i: $set"
		XLA_FLAGS="$set" bench "flags$i" -methods SimCLR -epochs 2
	done
}

stages=()
while (($# > 0)); do
	case $1 in
	--)
		shift
		break
		;;
	do)
		((${#stages[@]} == 0)) || die "do stands alone: run ${stages[*]} without it"
		(($# > 1)) || die "do: want a program, for example: ./run.sh do sslkit --help"
		break
		;;
	machine | smoke | full | five | tests | steps | flags) stages+=("$1") ;;
	*)
		usage >&2
		[[ $1 == -h || $1 == --help || $1 == help ]] && exit 0
		die "there is no stage $1"
		;;
	esac
	shift
done
((${#stages[@]} > 0)) || [[ ${1:-} == "do" ]] || {
	usage
	exit 2
}
check_glibc
mkdir -p "$out" || die "results cannot be written: set OUT to a folder of yours"
out=$(realpath "$out") # tests run in folders of their own
kind=''
find_plugin
device=${DEVICE:-$kind}
export PATH=$here/bin:$PATH SSLKIT_DATA=${SSLKIT_DATA:-$here/data} SSLKIT_HOME=${SSLKIT_HOME:-$out/home}
export GOMLX_NO_AUTO_INSTALL=1 GOPJRT_CUDA_CHECKS=0 MALLOC_ARENA_MAX=1
if [[ ${1:-} == "do" ]]; then
	shift
	exec "$@"
fi
arguments=("$@")
machine
for stage in "${stages[@]}"; do
	case $stage in
	machine) cat "$out/machine.txt" ;;
	smoke) bench smoke -methods SimCLR -epochs 1 ;;
	full) bench full -methods "${METHODS:-SimCLR}" ;;
	five) bench five -methods MoCo,SimCLR,SimSiam,BarlowTwins,BYOL -epochs 2 ;;
	*) "$stage" ;;
	esac
	[[ -z $stopped ]] || exit 130
done
exit "$failed"
