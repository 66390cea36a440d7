# Sourced by the checks of postgresql.

export PGOPTIONS='--client-min-messages=warning'

# As the owner of the cluster, by its socket.
owner() {
    (cd / && runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "$@")
}

# As a client, by TCP with a password.
client() {
    PGPASSWORD=client-password psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 \
        --host=127.0.0.1 --username=client "$@"
}
