# Sourced by the checks of mosquitto: clients with the name and password that the set-up gave them.

publish() {
    mosquitto_pub -h 127.0.0.1 -u meter -P meter-password "$@"
}

# hear SECONDS ARGUMENTS...: prints one message, or fails when none comes.
hear() {
    seconds=$1
    shift
    mosquitto_sub -h 127.0.0.1 -u meter -P meter-password -C 1 -W "$seconds" "$@"
}
