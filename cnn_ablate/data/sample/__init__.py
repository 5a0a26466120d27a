"""The embedded sample: a balanced subset of Fashion-MNIST, and the script that created it."""
