#!/bin/bash
# Builds the drivers of test hardware that Debian's kernel is configured without: vkms (a
# display) and gpio-sim (lines), for exactly the kernel whose headers are installed here.
# Runs inside the throw-away builder: build.sh KERNEL_RELEASE OUT_DIR
set -euo pipefail
release=$1 out=$2
archive=$(ls /usr/src/linux-source-*.tar.xz)
top=$(basename "$archive" .tar.xz)
work=$(mktemp -d)
cd "$work"

# gpio-sim needs dev-sync-probe in newer kernels; what is not there is not taken.
wanted=("$top/drivers/gpu/drm/vkms" "$top/drivers/gpio/gpio-sim.c"
    "$top/drivers/gpio/dev-sync-probe.c" "$top/drivers/gpio/dev-sync-probe.h"
    "$top/kernel/irq/irq_sim.c")
xz -dc -T0 "$archive" | tar -x --strip-components=1 "${wanted[@]}" 2>/dev/null || true
[ -e drivers/gpu/drm/vkms/vkms_drv.c ] && [ -e drivers/gpio/gpio-sim.c ] && [ -e kernel/irq/irq_sim.c ]

mkdir drivers-virtual
mv drivers/gpu/drm/vkms drivers-virtual/
mkdir drivers-virtual/gpio-sim
mv drivers/gpio/gpio-sim.c drivers-virtual/gpio-sim/gpio-sim-main.c
mv kernel/irq/irq_sim.c drivers-virtual/gpio-sim/
objects='gpio-sim-main.o irq_sim.o'
if [ -e drivers/gpio/dev-sync-probe.c ]; then
    mv drivers/gpio/dev-sync-probe.* drivers-virtual/gpio-sim/
    objects+=' dev-sync-probe.o'
fi
# IRQ_SIM has no prompt and nothing in Debian's configuration selects it, so it travels
# inside gpio-sim; irq_to_desc() is not exported to modules: deliver by number.
sed -i 's/handle_simple_irq(irq_to_desc(irqnum))/generic_handle_irq_safe(irqnum)/' \
    drivers-virtual/gpio-sim/irq_sim.c
printf 'obj-m := gpio-sim.o\ngpio-sim-y := %s\n' "$objects" > drivers-virtual/gpio-sim/Makefile
printf 'obj-m += vkms/ gpio-sim/\n' > drivers-virtual/Kbuild

make -s -C "/lib/modules/$release/build" M="$work/drivers-virtual" CONFIG_DRM_VKMS=m \
    -j"$(nproc)" modules
mkdir -p "$out"
find drivers-virtual -name '*.ko' -exec strip --strip-debug {} + -exec cp -t "$out" {} +
[ -e "$out/vkms.ko" ] && [ -e "$out/gpio-sim.ko" ]
