"""People and programs that use the server from outside: they hold keys, it does not."""
