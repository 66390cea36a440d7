# Sourced by the checks of the units. Expects `expect.sh` to be sourced before.

# ask PORT: prints what the server on the port says.
ask() {
    nc -w 5 127.0.0.1 "$1" </dev/null
}

# greets PORT TEXT: whether the server on the port greets with the text.
greets() {
    case $(ask "$1") in
        "$2 "[0-9]*) ;;
        *) return 1 ;;
    esac
}

# counts PORT: fails unless the server counts its connections.
counts() {
    first=$(ask "$1" | awk '{ print $NF }')
    expect "count on port $1" $((first + 1)) "$(ask "$1" | awk '{ print $NF }')"
}

# provide FOLDER: copies the files of the folder and the server into the machine, and lets systemd see them.
provide() {
    ip link set lo up
    install -D -m 644 "$1/../serve.py" /usr/lib/testbed/serve.py
    cp -r "$1/files/." /
    systemctl daemon-reload
}
