#!/usr/bin/env bash
# check.sh [TARGET]...: builds the images, or those of some of the Dockerfile's targets, and tries them with smoke.sh, all
# without Docker: by buildah, on a Debian made by debootstrap. JupyterLab and a benchmark run in them as the image's user,
# without capabilities and without a network. Nothing is left behind but what SSLKIT_IMAGES asks for.
#   SSLKIT_IMAGES=FOLDER        keep base, layers and images there, for the next time
#   SSLKIT_DATA=FOLDER          the benchmark trains on the CIFAR-10 there, not on noise
#   GOPROXY=…, PIP_INDEX_URL=…  where builds fetch Go, Go modules and wheels; a file:// of this machine is mounted
#   STORAGE_DRIVER=vfs          where overlays cannot be mounted; it copies, so layers are not kept
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
targets=("$@")
((${#targets[@]})) || targets=(cpu cuda)
driver=${STORAGE_DRIVER:-overlay}
suite=trixie # of the Dockerfile's base

missing=()
(($(id -u) == 0)) || missing+=("root: images are mounted, and programs run in them by chroot")
for needed in buildah:buildah debootstrap:debootstrap unshare:util-linux ip:iproute2; do
	command -v "${needed%:*}" >/dev/null || missing+=("${needed%:*} (Debian, Ubuntu: apt install ${needed#*:})")
done
if ((${#missing[@]})); then
	printf 'check.sh needs things that this machine lacks:\n' >&2
	printf '  - %s\n' "${missing[@]}" >&2
	exit 2
fi

folder=${SSLKIT_IMAGES:-$(mktemp --directory --tmpdir=/var/tmp sslkit-images.XXXXXX)}
mkdir -p "$folder"
folder=$(realpath "$folder")
B=(buildah --root "$folder/layers" --runroot "$folder/run" --storage-driver "$driver")

finish() {
	"${B[@]}" rm --all >/dev/null || true # what follows is to be removed all the same
	if [[ -z ${SSLKIT_IMAGES:-} ]]; then
		"${B[@]}" rmi --all --force >/dev/null || true
		rm -rf "$folder"
	fi
}
trap finish EXIT

# Makes the image sslkit-base as Docker's slim Debian is made: without pages that nobody reads in a container. It trusts
# the certificates that were added to this machine, for networks that need them.
base() {
	local root=$folder/debian container
	rm -rf "$root"
	debootstrap --variant=minbase "$suite" "$root" >"$folder/debootstrap.log" 2>&1 || {
		tail -20 "$folder/debootstrap.log" >&2
		return 1
	}
	printf 'path-exclude /usr/share/%s/*\n' doc info locale man >"$root/etc/dpkg/dpkg.cfg.d/slim"
	find "$root"/usr/share/{doc,info,locale,man} "$root"/var/{cache,lib/apt/lists} -type f -delete
	mkdir -p "$root/usr/local/share/ca-certificates"
	find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$root/usr/local/share/ca-certificates" \;
	container=$("${B[@]}" from scratch)
	"${B[@]}" add --quiet "$container" "$root" / >/dev/null
	"${B[@]}" commit --quiet --rm "$container" sslkit-base >/dev/null
	rm -rf "$root"
}

# Builds the image of a target.
build() {
	local arguments=(--build-arg BASE=localhost/sslkit-base) name
	for name in GOPROXY PIP_INDEX_URL; do
		[[ -z ${!name:-} ]] || arguments+=(--build-arg "$name=${!name}")
	done
	[[ ${GOPROXY:-} != file://* ]] || arguments+=(--volume "${GOPROXY#file://}:${GOPROXY#file://}:ro")
	[[ $driver == vfs ]] || arguments+=(--layers)
	"${B[@]}" build --isolation chroot --format docker --file docker/Dockerfile "${arguments[@]}" \
		--target "$1" --tag "sslkit:$1" . >"$folder/$1.log" 2>&1 || {
		tail -40 "$folder/$1.log" >&2
		return 1
	}
}

# Runs smoke.sh in a container of an image, with no network but its own loopback.
try() {
	local container mounts=()
	[[ -z ${SSLKIT_DATA:-} ]] || mounts=(--volume "$(realpath "$SSLKIT_DATA"):/data:ro")
	container=$("${B[@]}" from "localhost/sslkit:$1")
	# shellcheck disable=SC2016 # the inner shell's
	unshare --net sh -c 'ip link set lo up && exec "$@"' sh \
		"${B[@]}" run --isolation chroot --cap-drop all "${mounts[@]}" "$container" \
		setpriv --no-new-privs tini -s -- docker/smoke.sh
	"${B[@]}" rm "$container" >/dev/null
}

report=()
start=$SECONDS
if "${B[@]}" inspect --type image localhost/sslkit-base >/dev/null 2>&1; then
	report+=("base: kept in $folder")
else
	base
	report+=("base: $((SECONDS - start)) s")
fi
for target in "${targets[@]}"; do
	echo "== $target"
	start=$SECONDS
	build "$target"
	built=$SECONDS
	try "$target"
	size=$("${B[@]}" images --format '{{.Size}}' "localhost/sslkit:$target")
	report+=("$target: built in $((built - start)) s, tried in $((SECONDS - built)) s, $size")
done
printf '%s\n' "${report[@]}"
