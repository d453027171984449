#!/bin/bash
# Build kiosk-wheels_VERSION_ARCH.deb: pinned wheels of what Debian lacks, each in a folder
# of its own below /usr/lib/kiosk/wheels, where only the kiosk looks, and only for what
# the system does not have.
#
#   image-build/wheels.sh OUT_DIR amd64|arm64 [PYTHON]
#
# A package of its own, as livekit's wheel is one per architecture and the kiosk's
# package is for all; not built by debian/rules, as a Debian build asks no network.
# Every file is held against its hash (wheels/private.txt). Same input, same bytes.
set -euo pipefail
out=$(mkdir -p "$1" && cd "$1" && pwd)
architecture=$2
python=$(command -v "${3:-python3}")
cd "$(dirname "$0")/.."
case $architecture in
  amd64) machine=x86_64 ;;
  arm64) machine=aarch64 ;;
  *) echo "wheels.sh: no wheels for $architecture: amd64 or arm64" >&2; exit 64 ;;
esac
version=$(sed -nE '1s/^kiosk \(([^)]*)\).*/\1/p' debian/changelog)
SOURCE_DATE_EPOCH=$(date -d "$(sed -nE 's/^ -- .*>  //p' debian/changelog | head -n 1)" +%s)
export SOURCE_DATE_EPOCH
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$python" -m pip --disable-pip-version-check download --quiet --no-deps --require-hashes \
  --only-binary=:all: --python-version=3.13 --implementation=cp \
  --platform="manylinux_2_28_$machine" --platform="manylinux2014_$machine" \
  --dest "$scratch/fetched" --requirement image-build/wheels/private.txt >&2

root=$scratch/root
place=usr/lib/kiosk/wheels
documents=$root/usr/share/doc/kiosk-wheels
mkdir -p "$root/DEBIAN" "$documents"
cp image-build/wheels/copyright "$documents/copyright"
for wheel in "$scratch"/fetched/*.whl; do
  "$python" -m zipfile -e "$wheel" "$root/$place/$(basename "$wheel" | cut -d- -f1)"
done
find "$root" -type d -exec chmod 0755 {} +
find "$root" -type f -exec chmod 0644 {} +

cat >"$root/DEBIAN/control" <<END
Package: kiosk-wheels
Version: $version
Architecture: $architecture
Maintainer: $(sed -nE 's/^Maintainer: //p' debian/control)
Installed-Size: $(du -sk "$root/usr" | cut -f1)
Depends: python3 (>= 3.13), python3-colorzero, python3-numpy
Enhances: kiosk
Section: video
Priority: optional
Description: libraries for the kiosk that Debian does not have
 Pinned wheels with an echo canceller (livekit) and gpiozero 2, in a private folder
 that only the kiosk looks into, and only for what the system does not have.
END
# Compiled where it is installed, by Python's own programs, as of any Debian package.
cat >"$root/DEBIAN/postinst" <<END
#!/bin/sh
set -e
if command -v py3compile >/dev/null 2>&1; then
  py3compile -p kiosk-wheels /$place
fi
END
cat >"$root/DEBIAN/prerm" <<END
#!/bin/sh
set -e
if command -v py3clean >/dev/null 2>&1; then
  py3clean -p kiosk-wheels /$place
fi
END
chmod 0755 "$root/DEBIAN/postinst" "$root/DEBIAN/prerm"
(cd "$root" && find usr -type f | LC_ALL=C sort | xargs -d '\n' md5sum >DEBIAN/md5sums)
find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz --build "$root" "$out/kiosk-wheels_${version}_$architecture.deb" >&2
ls "$out/kiosk-wheels_${version}_$architecture.deb"
