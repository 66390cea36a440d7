# Sourced by the checks of memcached.

# Sends the commands on standard input, each ended as the protocol wants it, and prints the answers.
ask() {
    { cat; printf 'quit\r\n'; } | nc -w 10 127.0.0.1 11211 | tr -d '\r'
}
