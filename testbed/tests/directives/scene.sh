# What the probes look for, in a machine that has just booted. Runs there, with the probe in place.
set -eu

mkdir -p /run/netns /srv /opt/root /var/lib/probe
touch /root/marker /run/marker /srv/marker /tmp/marker
printf s3cret >/var/lib/probe/secret
touch /var/lib/probe/marker
# A kernel of its own brings no modules along. The directory is to have something that can be hidden.
mkdir -p /usr/lib/modules/marker

# A root directory with nothing but the probe.
mkdir -p /opt/root/dev /opt/root/proc /opt/root/run /opt/root/sys /opt/root/tmp /opt/root/usr/lib/testbed \
    /opt/root/var/tmp /opt/root/etc
touch /opt/root/marker-in-root
cp /usr/lib/testbed/probe /opt/root/usr/lib/testbed/

# Device nodes outside /dev: hiding /dev does not hide them.
mknod /srv/kmsg c 1 11
rtc=$(awk '$2 == "rtc" { print $1 }' /proc/devices)
mknod /srv/rtc c "${rtc:-254}" 0

mount --make-rshared /
# A container does not have it.
if [ -d /sys/fs/bpf ]; then
    mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
    mkdir /sys/fs/bpf/marker
fi
touch /run/netns/probe
unshare --net=/run/netns/probe true

if [ -d /sys/kernel/security/apparmor ]; then
    apparmor_parser --replace <<'PROFILE'
abi <abi/3.0>,
profile testbed-probe flags=(attach_disconnected, mediate_deleted) {
  file,
  deny /etc/shadow r,
  signal,
  unix,
}
PROFILE
fi

# The secret, encrypted for this machine alone.
systemd-creds encrypt --with-key=host --name=tok /var/lib/probe/secret /var/lib/probe/secret.enc
