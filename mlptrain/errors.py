"""Every error a user can fix, each with the exit code that the command line ends with.

MLPTrainError (an Exception)
├── CheckFailed        a check that was asked for did not pass                    exit 1
├── ConfigError        the config or the command line asks for the impossible     exit 2
├── EnvironmentFault   an optional library is missing, a run directory is taken   exit 2
├── DataError          the data are missing, broken or do not fit the task        exit 3
├── DivergenceError    the loss or the gradient stopped being finite              exit 4
├── CheckpointError    the file is not a valid checkpoint, or not of this run     exit 5
├── StorageError       reading or writing a file failed                           exit 6
└── RankFault          a process of a run over several ranks is lost              exit 6

Interrupted (a KeyboardInterrupt)
                       a signal ended the run; the checkpoint is saved            exit 128 + its number

A message says where, what was found and what to do, in one line per fault. It may quote names from
a file, so whatever a terminal would not just show, such as a line end or an escape sequence, becomes
a question mark. Any other exception is a bug of ours: it keeps its traceback and ends with exit code 1.
"""

from mlptrain.messages import printable


class Told(BaseException):
    """What is said about an error: one or more faults, one line each, and its exit code.

    status   what summary.json calls a run that it ends
    """

    exit_code = 1
    status = "interrupted"

    def __init__(self, *faults: str) -> None:
        self.faults = tuple(printable(fault) for fault in faults)
        super().__init__("\n".join(self.faults))

    def add(self, other: "Told") -> None:
        """Say in the same line what went wrong next; the exit code stays that of what came first.

        >>> error = MLPTrainError("the loss is not finite")
        >>> error.add(MLPTrainError("last.npz: the disk is full"))
        >>> error.faults
        ('the loss is not finite; last.npz: the disk is full',)
        """
        *before, last = self.faults
        self.faults = (*before, "; ".join((last, *other.faults)))
        self.args = ("\n".join(self.faults),)


class MLPTrainError(Told, Exception):
    """The root of all errors that a user can fix."""


class CheckFailed(MLPTrainError):
    """A check ran to its end and the answer is no."""


class ConfigError(MLPTrainError):
    """The config or the command line asks for something that cannot be done."""

    exit_code = 2


class EnvironmentFault(MLPTrainError):
    """The surroundings are not as needed: a missing extra, a run directory in use."""

    exit_code = 2


class DataError(MLPTrainError):
    """The data are missing, broken, or do not fit the task."""

    exit_code = 3


class DivergenceError(MLPTrainError):
    """The loss or the gradient stopped being finite."""

    exit_code = 4
    status = "diverged"


class CheckpointError(MLPTrainError):
    """The file is not a valid checkpoint, or belongs to another run."""

    exit_code = 5


class StorageError(MLPTrainError):
    """The operating system refused to read or write a file."""

    exit_code = 6


class RankFault(MLPTrainError):
    """A process of a run over several ranks died or hangs."""

    exit_code = 6


class Interrupted(Told, KeyboardInterrupt):
    """A signal ended the run after its last step was saved.

    A KeyboardInterrupt and no Exception: `except Exception` around a run, as every sweep has it, must
    not take Ctrl-C for one more run that failed.
    """

    def __init__(self, signal_number: int, message: str) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number
