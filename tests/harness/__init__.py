"""What `make` calls: preparing the environment, a throw-away PostgreSQL, the steps of `make test`."""
