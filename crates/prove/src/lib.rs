//! Attacks a confinement from inside and reports what was reached.
