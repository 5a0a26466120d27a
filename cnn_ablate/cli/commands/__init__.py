"""What the commands do, one module per command, imported only when its command is called."""
