"""The signals that end a run as Ctrl-C does."""

import signal


def ending_signals() -> tuple[signal.Signals, ...]:
    """Return the signals that end a run; not SIGHUP if it is ignored, as under `nohup`."""
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is None or signal.getsignal(hangup) is signal.SIG_IGN:
        return signal.SIGINT, signal.SIGTERM
    return signal.SIGINT, signal.SIGTERM, hangup
