#!/bin/bash
# What rpi-image-gen itself says to our layers and configurations: its lint of every
# layer, and the whole ordered plan of every image; nothing is built or fetched.
#
#   image-build/plan.sh IMAGE_GEN_DIR PYTHON [CONFIG...]
#
# IMAGE_GEN_DIR is a checkout of github.com/raspberrypi/rpi-image-gen, PYTHON one that
# has PyYAML and python-debian: `make image-plan IMAGE_GEN=DIR` sees to both.
set -euo pipefail
top=$(cd "$1" && pwd)
python=$(realpath -s "$2")
shift 2
ours=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Of its pieces some call "python3" and find what they need there.
mkdir "$scratch/bin" "$scratch/dynamic"
ln -s "$python" "$scratch/bin/python3"
ig() { "$python" "$top/bin/ig" "$@"; }

lint() {
  local layer
  for layer in "$ours"/layer/*.yaml; do
    ig metadata --lint "$layer" >"$scratch/said" 2>&1 || { cat "$scratch/said" >&2; return 1; }
    printf 'lint  %-16s %s\n' "$(basename "$layer" .yaml)" "$(tail -n 1 "$scratch/said")"
  done
}

searched() {
  local root kind path=DYNlayer=$scratch/dynamic
  for root in SRC="$ours" IG="$top"; do
    for kind in device image layer; do
      [ ! -d "${root#*=}/$kind" ] || path+=":${root%%=*}$kind=${root#*=}/$kind"
    done
  done
  echo "$path"
}

settings() { # of the configuration $1: what the tool's first stage hands to its second
  : >"$scratch/overrides"
  ig metadata --emit "$top/registry.defs" >"$scratch/registry.env"
  ig config --path "$ours/config:$top/config" "$1" \
    --overrides "$scratch/overrides" --write-to "$scratch/user.env" >&2
  cat "$scratch/registry.env" "$scratch/user.env"
  cat <<END
DEB_BUILD_ARCH="arm64"
DEB_BUILD_GNU_TYPE="aarch64-linux-gnu"
DEB_HOST_ARCH="arm64"
DEB_HOST_GNU_TYPE="aarch64-linux-gnu"
TOOLCHAIN_MODE="native"
IGTOP="$top"
IGROOT="$top"
LAYER_HOOKS="$top/layer-hooks"
RPI_TEMPLATES="$top/templates/rpi"
DYNROOT="$scratch/dynamic"
SRCROOT="$ours"
END
}

plan() {
  local config=$1 name layers
  name=$(basename "$config" .yaml)
  settings "$config" >"$scratch/config.env" 2>"$scratch/said" || { cat "$scratch/said" >&2; return 1; }
  mapfile -t layers < <(sed -nE 's/^IGconf_(device_layer|image_layer|layer_[a-z]+)="?([^"]*)"?$/\2/p' "$scratch/config.env")
  env -i PATH="$scratch/bin:$PATH" "$python" "$top/bin/ig" pipeline \
    --env-in "$scratch/config.env" --layers essential "${layers[@]}" \
    --path "$(searched)" --env-out "$scratch/out.env" --plan-out "$scratch/plan" \
    >"$scratch/said" 2>&1 || { echo "$name:" >&2; tail -n 20 "$scratch/said" >&2; return 1; }
  mapfile -t layers < <(grep -v '^#' "$scratch/plan" | cut -d: -f1)
  printf 'plan  %-16s %s layers\n' "$name" "${#layers[@]}"
  fold -s -w 100 <<<"${layers[*]}" | sed 's/^/        /'
  ! grep -E '^IGconf_kiosk(boot)?_|^IGconf_splash_image_path' "$scratch/out.env" | grep -F '${@' || {
    echo "$name: a path that nobody resolved" >&2; return 1; }
}

# Our reader of layers understands a part of YAML: it must read what PyYAML reads.
PYTHONPATH=$ours "$python" -m layers compare "$top"
lint
if [ $# -eq 0 ]; then set -- "$ours"/config/kiosk-{pi4,pi5,cm4,pi3,zero2,debian}.yaml; fi
for config; do plan "$config"; done
