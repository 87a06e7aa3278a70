"""What a module beside that of tests/served.py may do: no process that is forked is woken by signals.

So does asyncio, from Python 3.12 on.
"""

import os
import signal

os.register_at_fork(after_in_child=lambda: signal.set_wakeup_fd(-1))
