"""Whether everything stands as it should: for the command line and the administrator's page."""
