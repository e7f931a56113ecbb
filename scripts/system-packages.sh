#!/usr/bin/env bash
# Installs the Debian packages that the tests can use; says what is missing where it may not.
# Exit status 0 only when all of them are there.
set -uo pipefail

packages=(
    espeak-ng flite libespeak-ng1 fonts-dejavu-core         # voices for fixtures, fonts for the page
    libportaudio2 libasound2-plugins pulseaudio pulseaudio-utils  # a sound card without a sound card
    baresip-core sip-tester kamailio kamailio-tls-modules   # real SIP calls on loopback
    dbus ofono gnome-keyring                                # a telephone and a keyring on a private bus
    xdg-utils                                               # links opened by the system's handler
    chromium libatomic1                                     # the head-up page in a real browser
    libfst-tools                                            # a speech model in the vendor's form
)

missing() {
    local name
    for name in "${packages[@]}"; do
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || echo "$name"
    done
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "System packages: this is not Debian or Ubuntu; tests that need one of these skip:"
    echo "  ${packages[*]}"
    exit 1
fi
mapfile -t wanted < <(missing)
[ ${#wanted[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ]; then root=(env)
elif sudo -n true 2>/dev/null; then root=(sudo env)
else
    echo "System packages: tests that need one of these skip. To run them all:"
    echo "  sudo apt-get install ${wanted[*]}"
    exit 1
fi
echo "Installing system packages for the tests: ${wanted[*]}"
apt=("${root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
"${apt[@]}" update >"$log" 2>&1
if ! "${apt[@]}" install -y --no-install-recommends "${wanted[@]}" >>"$log" 2>&1; then
    tail -n 5 "$log"
fi
mapfile -t wanted < <(missing)
[ ${#wanted[@]} -gt 0 ] || exit 0
echo "System packages: could not install ${wanted[*]}; tests that need one of them skip"
exit 1
