"""The command line: `flask …`. It goes through the same commands as the pages, with the same rules and the same journal."""
