#!/usr/bin/env bash
# Installs what the laboratory needs and this machine has not: Asterisk 22 or
# newer, sipp, tshark, espeak-ng, sox, PulseAudio as a sound card for tests,
# Chromium as an agent's browser, and PostgreSQL, of which tests start a server
# of their own.
# Running it again costs nothing.
#
# Asterisk from the PATH is used where it is new enough. Otherwise a Debian
# tree with Asterisk in it is built once, outside the checkout, and kept:
#
#   FREITON_LAB_CACHE    where (default: ${XDG_CACHE_HOME:-$HOME/.cache}/freiton-lab)
#   FREITON_LAB_MIRROR   Debian mirror (default: the one of this machine's apt)
#   FREITON_LAB_SUITE    Debian suite (default: forky)
#
# What it does goes to stderr. The last line of stdout is for programs: the
# root of the tree Asterisk lives in, "/" if it is the machine's own.
set -euo pipefail

need=22
suite=${FREITON_LAB_SUITE:-forky}
cache=${FREITON_LAB_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/freiton-lab}
dir=$cache/asterisk-$suite
mark=.freiton-lab          # written last: a tree without it is half done
PATH=$PATH:/usr/sbin:/sbin

say() { echo "lab: $*" >&2; }
die() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# "Asterisk 22.10.1~dfsg…" -> 22
major() { sed -n 's/^Asterisk \(certified[-/]\)\?\([0-9][0-9]*\).*/\2/p' <<<"$1"; }

root() {
	if [ "$(id -u)" = 0 ]; then "$@"
	elif has sudo; then sudo -n "$@" || die "sudo refused: run configs/lab/install.sh as root once"
	else die "something must be installed: run configs/lab/install.sh as root once"
	fi
}

apt_install() {
	has apt-get || die "no apt-get on this machine: install $* by hand"
	say "installing $*"
	local log
	log=$(mktemp)
	local cmd=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300
		install --no-install-recommends "$@")
	if ! root "${cmd[@]}" >"$log" 2>&1; then
		root apt-get -qq -o DPkg::Lock::Timeout=300 update >>"$log" 2>&1 || true
		root "${cmd[@]}" >>"$log" 2>&1 || die "apt-get could not install $*: $(tail -n 1 "$log") (whole output: $log)"
	fi
	rm -f "$log"
}

postgres_there() { has initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }

# Only the programs: left to itself, Debian's package makes a cluster for the
# machine and starts it.
postgres() {
	local none=/etc/postgresql-common/createcluster.d/freiton-lab.conf
	root mkdir -p "${none%/*}"
	echo "create_main_cluster = false" | root tee "$none" >/dev/null
	apt_install postgresql
	root rm -f "$none"
}

tools_there() {
	postgres_there && has sipp && has tshark && has espeak-ng && has sox && has pulseaudio && has pactl && has parecord && has chromium && has npm
}

tools() {
	local want=()
	has sipp || want+=(sip-tester)
	has tshark || want+=(tshark)
	has espeak-ng || want+=(espeak-ng)
	has sox || want+=(sox)
	has pulseaudio || want+=(pulseaudio)
	has chromium || want+=(chromium)
	has npm || want+=(nodejs npm) # the page's types and its accessibility are checked with tools from there
	has pactl && has parecord || want+=(pulseaudio-utils libpulse0) # the utilities run by libpulse: it is there where they are
	[ ${#want[@]} = 0 ] || apt_install "${want[@]}"
	postgres_there || postgres
}

# The mirror this machine's apt takes its own release from.
mirror() {
	if [ -n "${FREITON_LAB_MIRROR:-}" ]; then
		echo "$FREITON_LAB_MIRROR"
		return
	fi
	local codename uri
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	# First by asking apt for the machine's own release, then any line that is
	# not the security archive.
	uri=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		awk -v c="$codename" '$1 == c { print $2; exit }')
	[ -n "$uri" ] || uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		grep -v security | head -n 1)
	[ -n "$uri" ] || die "no Debian mirror in this machine's apt sources: set FREITON_LAB_MIRROR"
	echo "$uri"
}

# Asterisk in a tree runs by the tree's own loader: no chroot, no root.
version_in() {
	local ld
	ld=$(echo "$1"/lib64/ld-linux-*.so.2 "$1"/lib/ld-linux-*.so.1 | tr ' ' '\n' | grep -v '\*' | head -n 1)
	local libs=
	local d
	for d in "$1"/usr/lib/*-linux-gnu; do libs=$libs:$d:$d/pulseaudio; done
	"$ld" --library-path "${libs#:}" "$1/usr/sbin/asterisk" -V 2>/dev/null
}

# debootstrap fetches by itself and does not know apt's proxy.
use_proxy() {
	local p=
	eval "$(apt-config shell p Acquire::http::Proxy 2>/dev/null)"
	if [ -n "$p" ] && [ "$p" != DIRECT ]; then export http_proxy=${http_proxy:-$p}; fi
}

build() {
	has debootstrap || apt_install debootstrap 9>&-
	local from tmp script keyring=() log
	from=$(mirror)
	use_proxy
	tmp=$(mktemp -d "$cache/build.XXXXXX")
	log=$tmp.log
	# Debian's older debootstrap has no script for newer suites; sid's serves.
	script=/usr/share/debootstrap/scripts/sid
	[ -e "$script" ] || die "debootstrap has no script $script"
	# The signature is checked where this machine has the archive's keys.
	if [ -e /usr/share/keyrings/debian-archive-keyring.gpg ]; then
		keyring=(--keyring=/usr/share/keyrings/debian-archive-keyring.gpg)
	else
		say "no Debian archive keys on this machine: the signature of $suite is not checked"
		keyring=(--no-check-gpg)
	fi
	say "building a Debian $suite tree with Asterisk in $dir (about a minute, 500 MB)"
	local try=0
	while ! root debootstrap --variant=minbase "${keyring[@]}" --include=asterisk,asterisk-modules \
		"$suite" "$tmp" "$from" "$script" >"$log" 2>&1; do
		try=$((try + 1))
		if [ $try -ge 3 ]; then
			root rm -rf "$tmp"
			die "debootstrap failed: $(grep -E '^E:' "$log" | tail -n 1 || tail -n 1 "$log") (whole output: $log)"
		fi
		if grep -qiE 'signed by unknown key|unknown key|invalid signature' "$log"; then
			say "this machine's archive keys do not know $suite: its signature is not checked"
			keyring=(--no-check-gpg)
		else
			say "debootstrap failed, once more: $(grep -E '^E:' "$log" | tail -n 1)"
		fi
		root rm -rf "$tmp"
		mkdir "$tmp"
	done
	local v
	v=$(version_in "$tmp") || die "the Asterisk just built in $tmp does not start"
	[ "$(major "$v")" -ge $need ] || die "$suite has $v, and the laboratory needs $need or newer: set FREITON_LAB_SUITE"
	root rm -rf "$tmp/var/cache/apt/archives" "$tmp/var/lib/apt/lists"
	root chmod 755 "$tmp"
	echo "$v" | root tee "$tmp/$mark" >/dev/null
	root rm -rf "$dir"
	root mv "$tmp" "$dir"
	rm -f "$log"
}

main() {
	local v
	if has asterisk && v=$(asterisk -V 2>/dev/null) && [ "$(major "$v")" -ge $need ] 2>/dev/null; then
		tools
		say "$v, the machine's own"
		echo /
		return
	fi
	if [ -s "$dir/$mark" ] && tools_there && v=$(version_in "$dir") && [ "$(major "$v")" -ge $need ]; then
		say "$v in $dir"
		echo "$dir"
		return
	fi
	mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] || die "cannot write to $cache: set FREITON_LAB_CACHE to a folder that can be written"
	# One at a time: the second finds the first one's work. The lock ends with
	# the last process of the run that holds it, debootstrap's included.
	exec 9>"$cache/lock"
	if ! flock -n 9; then
		say "waiting for another installation in $cache"
		flock -w 900 9 || die "another installation has held $cache/lock for 15 minutes"
	fi
	tools 9>&-
	if [ ! -s "$dir/$mark" ]; then
		root rm -rf "$cache"/build.* # of a run that was killed
		build
	fi
	v=$(version_in "$dir") || die "the Asterisk in $dir does not start: remove that folder and run this again"
	[ "$(major "$v")" -ge $need ] || die "$dir has $v, and the laboratory needs $need or newer: remove that folder and run this again"
	say "$v in $dir"
	echo "$dir"
}

main "$@"
