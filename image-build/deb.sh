#!/bin/bash
# Build the Debian package of this tree: kiosk_VERSION_all.deb.
#
#   image-build/deb.sh OUT_DIR
#
# On Debian trixie with the build dependencies it is built right here, elsewhere in a
# trixie root made for it, which takes root and, the first time, some minutes. Root and
# package are kept in KIOSK_APPLIANCE_CACHE (~/.cache/kiosk-appliance) under the hash of
# what they are made of; nothing is built twice. LINTIAN=1 has the package judged as well.
set -euo pipefail
out=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")/.."
cache=${KIOSK_APPLIANCE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kiosk-appliance}
mkdir -p "$cache"
needed=(
  debhelper dh-python dh-sequence-installsysusers dpkg-dev lintian
  pybuild-plugin-pyproject python3-all python3-hatchling python3-pydantic python3-shtab
  python3-typing-extensions systemd
)

sources() {
  git ls-files -z --cached --others --exclude-standard -- \
    debian systemd config kiosk image-build/manual pyproject.toml README.md docs CHANGELOG.md SECURITY.md LICENSE
}

builder() {
  local key tree
  key=$(printf '%s\n' trixie "${needed[@]}" | sha256sum | cut -c1-16)
  tree=$cache/builder-$key
  if [ ! -e "$tree" ]; then
    command -v mmdebstrap >/dev/null || { echo "apt-get install mmdebstrap" >&2; exit 69; }
    rm -rf "$tree.new"
    mkdir "$tree.new"
    PYTHONPATH=image-build python3 -c 'import sys; from appliance.root import debian
debian([], sys.argv[2:], "the root to build in", out=sys.argv[1])' \
      "$tree.new" "${needed[@]}" >&2
    mv "$tree.new" "$tree"
  fi
  echo "$tree"
}

# The dependencies are not checked: they are listed above, and a package of Python alone
# needs no compiler (build-essential).
build() { # in the root $1, empty for this machine: leaves the package in $2
  local root=$1 place
  place=$(mktemp -d "$root/var/tmp/kiosk-deb.XXXXXX")
  mkdir "$place/kiosk"
  sources | tar --create --null --files-from=- | tar --extract --directory "$place/kiosk"
  ${root:+chroot "$root"} bash -c 'cd "$1" && shift && "$@"' - \
    "${place#"$root"}/kiosk" dpkg-buildpackage --build=binary --no-sign --no-check-builddeps >&2
  if [ -n "${LINTIAN:-}" ]; then
    ${root:+chroot "$root"} bash -c 'cd "$1" && lintian --allow-root --fail-on error,warning *.changes' - \
      "${place#"$root"}" >&2
  fi
  mv "$place"/kiosk_*_all.deb "$2/"
  rm -rf "$place"
}

exec 9>"$cache/deb.lock"
flock 9
key=$(sources | xargs -0 sha256sum | cat - image-build/deb.sh | sha256sum | cut -c1-16)
made=$cache/deb-$key
if [ ! -e "$made" ] || [ -n "${LINTIAN:-}" ]; then
  rm -rf "$made" "$made.new"
  mkdir "$made.new"
  root=
  if ! { grep -qs '^VERSION_CODENAME=trixie' /etc/os-release && dpkg-checkbuilddeps 2>/dev/null; }; then
    root=$(builder)
  fi
  build "$root" "$made.new"
  mv "$made.new" "$made"
fi
cp "$made"/kiosk_*_all.deb "$out/"
ls "$out"/kiosk_*_all.deb
