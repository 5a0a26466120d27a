"""The embedded images: a balanced choice from Fashion-MNIST, and the script that made it."""
