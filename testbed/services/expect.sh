# Sourced by the checks of the services: how a check fails, and how it waits. Not a program.

# Ends the check with a message.
fail() {
    printf '%s: %s\n' "$0" "$*" >&2
    exit 1
}

# expect WHAT WANTED SEEN: fails unless the two are the same text.
expect() {
    [ "$2" = "$3" ] || fail "$1: wanted '$2', saw '$(printf %s "$3" | head -c 300)'"
}

# await WHAT COMMAND...: runs the command until it passes, for 20 seconds at most.
await() {
    what=$1
    shift
    deadline=$(($(date +%s) + 20))
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -lt "$deadline" ] || fail "waited for this in vain: $what"
        sleep 0.05
    done
}

# same_process UNIT PID: fails unless that is still the main process of the unit.
same_process() {
    expect "main process of $1" "$2" "$(main_process "$1")"
}

# main_process UNIT: prints its pid.
main_process() {
    systemctl show --property=MainPID --value "$1"
}

# restart UNIT: restarts it whatever happened before, and fails with its last words.
restart() {
    systemctl reset-failed "$1" 2>/dev/null || true
    systemctl restart "$1" || {
        journalctl --no-pager --lines=15 --unit="$1" >&2 || true
        fail "cannot restart $1"
    }
}

# reload UNIT: reloads it.
reload() {
    systemctl reload "$1" || fail "cannot reload $1"
}

# rotate NAME: rotates the logs now, as the package's own configuration of logrotate says.
rotate() {
    logrotate --force --state "/run/testbed-logrotate-$1" "/etc/logrotate.d/$1" || fail "logrotate fails"
}

# contains TEXT FILE: whether the file contains the literal text.
contains() {
    grep -qF -e "$1" "$2"
}

# random_text BYTES: prints letters and digits that nobody has seen before.
random_text() {
    head -c "$1" /dev/urandom | base64 -w 0 | tr -d '+/=' | head -c "$1"
}
