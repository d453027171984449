#!/bin/sh
# Makes the 54 lines of a Raspberry Pi's header, labelled as there. A button is pressed by
# writing pull-down to .../sim_gpioN/pull, a lamp is read from .../sim_gpioN/value.
set -eu
chip=/sys/kernel/config/gpio-sim/kiosk
if [ ! -d "$chip" ]; then
    # few programs: each costs the emulator a tenth of a second
    mkdir -p "$chip/bank0"
    echo 54 > "$chip/bank0/num_lines"
    echo pinctrl-bcm2711 > "$chip/bank0/label"
    echo 1 > "$chip/live"
fi
read -r device < "$chip/dev_name"
# the group gpio may press and look
cd /sys/devices/platform/"$device"/gpiochip*/
chgrp gpio sim_gpio*/pull sim_gpio*/value
chmod g+w sim_gpio*/pull
# at one place, whatever number the chip has
mkdir -p /run/kiosk-appliance
ln -sfn "$PWD" /run/kiosk-appliance/lines
