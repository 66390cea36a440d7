//! Boots real Debian machines with systemd for the tests.
