"""The implementations of the commands, one module each, imported only when a command is called."""
