//! Watches a service and writes down what it does.
