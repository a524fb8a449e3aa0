#!/usr/bin/env bash
# Brings what checks the page (TypeScript, axe-core) into a cache folder, by
# npm and its settings, and prints the folder.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
command -v npm >/dev/null || { echo "web-tools: node 20 with npm is needed to check the desktop's page; install the packages nodejs and npm" >&2; exit 1; }
want=$(cksum <"$here/package.json" | tr ' ' -)
dir=${XDG_CACHE_HOME:-$HOME/.cache}/freiton/web-tools-$want
if [ ! -e "$dir/complete" ]; then
	mkdir -p "$dir"
	exec 9>"$dir/lock"
	flock 9
	if [ ! -e "$dir/complete" ]; then
		cp "$here/package.json" "$dir/"
		(cd "$dir" && npm install --no-audit --no-fund --no-package-lock --loglevel=error >&2)
		touch "$dir/complete"
	fi
fi
echo "$dir"
