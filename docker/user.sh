#!/usr/bin/env bash
# user.sh UID GID: makes the user sslkit, who owns the checkout, the installation and the volumes.
set -euo pipefail

uid=${1:?"user.sh: want a user id"} gid=${2:?"user.sh: want a group id"}
if ((uid == 0)); then
	echo "user.sh: user id 0 is root's: want another, for example 1000" >&2
	exit 2
fi
getent group "$gid" >/dev/null || groupadd --gid "$gid" sslkit
useradd --uid "$uid" --gid "$gid" --create-home --shell /bin/bash sslkit
chmod 755 /home/sslkit # benchmarks may run as any user
checkout=/home/sslkit/gossl
# A new volume takes over owner and content of the folder that it is mounted on.
install --directory --owner="$uid" --group="$gid" "$SSLKIT_HOME" "$SSLKIT_HOME/cache" "$SSLKIT_DATA" /runs \
	"$checkout" "$checkout/notebooks" "$checkout/notebooks/own"
# Notebooks and programs write runs into `runs` where they are started.
ln -s /runs "$checkout/runs"
ln -s /runs "$checkout/notebooks/runs"
