"""Imported by the fork server: all modules that training needs, so that workers share them.

The garbage collector is off meanwhile: imports leave hardly any garbage, and searching for it
would take a quarter of their time. What they created is then frozen: a collection in a worker
would write to the headers of all objects, and so copy the pages that it shares with the server.
"""

import gc
import signal
from importlib import import_module

# Optimizers import torch._dynamo when the first one is built, which takes 2 s.
_MODULES = ("cnn_ablate.executors.worker", "torch._dynamo")

gc.disable()
# A terminal sends Ctrl-C to the server, too: it ends without a traceback of these imports, and
# then ignores it, as the workers that are forked from it do.
signal.signal(signal.SIGINT, signal.SIG_DFL)
if hasattr(signal, "pthread_sigmask"):
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
try:
    for _name in _MODULES:
        import_module(_name)
finally:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    gc.enable()
