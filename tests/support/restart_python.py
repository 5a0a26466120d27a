"""User modules imported by one test are not seen by the next."""

import sys

from cnn_ablate.custom import importing, signature


def restart_python() -> None:
    """Forget all user modules, as a new Python process would."""
    # Most tests import none, and there are thousands of modules.
    if top_levels := {name.partition(".")[0] for name in importing._loaded}:
        for name in [name for name in sys.modules if name.partition(".")[0] in top_levels]:
            del sys.modules[name]
    importing._loaded.clear()
    importing._modules.clear()
    signature._classes.clear()
