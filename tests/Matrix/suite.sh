#!/usr/bin/env bash
# Makes a tree of another Debian suite's programs to run in by chroot: fetches the packages and all that they depend on, and unpacks them. No package
# script runs, nothing outside CACHE is touched, and what was fetched is not fetched again.
#
#   suite.sh CACHE SUITE TREE PACKAGE...      the tree is CACHE/trees/TREE; SUITE may be several, joined by commas: "sid,experimental";
#                                             "ubuntu/jammy" is one of Ubuntu's
#
# MATRIX_MIRROR names another archive than the one that this machine's own Debian packages come from, MATRIX_UBUNTU_MIRROR another than the folder
# ubuntu beside it. Ubuntu's keys are those of Debian's package ubuntu-archive-keyring.
set -euo pipefail

cache=$1 suites=$2 tree=$3
shift 3
root=$cache/trees/$tree
want=$(printf '%s\n' "$suites" "$@" | sha256sum | cut -c1-16)
[[ $(cat "$root/.packages" 2>/dev/null) == "$want" ]] && exit 0

fail() {
	echo "suite.sh: $tree: $*" >&2
	exit 1
}

mirror=${MATRIX_MIRROR:-$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' | sed -n 's/^Debian Debian //p' | head -n 1)}
[[ -n $mirror ]] || fail "this machine's packages come from no Debian archive: name one with MATRIX_MIRROR=URL"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
components=main
work=$cache/suites/${suites//[,\/]/+}
if [[ $suites == ubuntu/* ]]; then
	bash "$0" "$cache" trixie ubuntu-keyring ubuntu-archive-keyring libc-bin
	keyring=$cache/trees/ubuntu-keyring/usr/share/keyrings/ubuntu-archive-keyring.gpg
	mirror=${MATRIX_UBUNTU_MIRROR:-${mirror%/debian*}/ubuntu}
	components="main universe"
	suites=${suites#ubuntu/}
fi
lists=$work/lists
mkdir -p "$lists/partial" "$cache/debs/partial" "$root"
for suite in ${suites//,/ }; do
	echo "deb [signed-by=$keyring] $mirror $suite $components"
done >"$work/sources.list"
: >"$work/status"
options=(
	-oDir::Etc::SourceList="$work/sources.list" -oDir::Etc::SourceParts=/dev/null -oDir::State::Lists="$lists" -oDir::State::status="$work/status"
	-oDir::Cache::archives="$cache/debs" -oDir::Cache::pkgcache= -oDir::Cache::srcpkgcache= -oAPT::Install-Recommends=false -oAPT::Sandbox::User=root
	-oAcquire::Retries=3
)
log=$work/log
mkdir -p "$work/none/partial"
echo "  $tree: reading the lists of $suites"
apt-get -qq "${options[@]}" update >"$log" 2>&1 || fail "$(tail -n 1 "$log")"
[[ $suites == *,* ]] && options+=(-t "${suites##*,}")
# Everything, also what was fetched for another tree.
apt-get -qq "${options[@]}" -oDir::Cache::archives="$work/none" --print-uris -y install "$@" >"$work/all" 2>"$log" || fail "$(tail -n 3 "$log" | tr '\n' ' ')"
echo "  $tree: $(wc -l <"$work/all") packages, $(awk '{ sum += $3 } END { printf "%d", sum / 1e6 }' "$work/all") MB at most to fetch"
apt-get -qq "${options[@]}" -y --download-only install "$@" >"$log" 2>&1 || fail "$(tail -n 1 "$log")"

echo "  $tree: unpacking"
for folder in bin sbin lib lib64; do
	mkdir -p "$root/usr/$folder"
	[[ -e $root/$folder ]] || ln -s "usr/$folder" "$root/$folder"
done
while read -r _ file _; do
	dpkg-deb --fsys-tarfile "$cache/debs/$file" | tar -x --keep-directory-symlink -C "$root" || fail "cannot unpack $file"
done <"$work/all"

# What the package scripts would have done, as far as programs need it.
mkdir -p "$root"/{proc,dev,tmp,run,root,etc}
chmod 1777 "$root/tmp"
[[ -e $root/usr/bin/sh || ! -e $root/usr/bin/bash ]] || ln -s bash "$root/usr/bin/sh"
[[ -e $root/usr/bin/awk || ! -e $root/usr/bin/mawk ]] || ln -s mawk "$root/usr/bin/awk"
echo 'root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin' >"$root/etc/passwd"
echo 'root:x:0:
nogroup:x:65534:' >"$root/etc/group"
echo '127.0.0.1 localhost' >"$root/etc/hosts"
chroot "$root" /sbin/ldconfig
echo "$want" >"$root/.packages"
