"""Imported by the server that workers are forked from: all that training needs, imported once.

Looking for garbage, of which imports leave little, would take a quarter of their time. What they
have made is never looked at again, so that workers go on sharing more of its memory.
"""

import gc
from importlib import import_module

# Optimizers import the second when they are first built: 2 s.
_NEEDED = ("cnn_ablate.executors.worker", "torch._dynamo")

gc.disable()
try:
    for _name in _NEEDED:
        import_module(_name)
finally:
    gc.freeze()
    gc.enable()
