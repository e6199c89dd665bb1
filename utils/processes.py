"""Small programs in processes of their own: one for each backend, one whose memory is measured, one for each worker.

A program is a function whose source stands where the reader sees it. It imports what it needs beyond `np`, takes and
returns what JSON can hold (numbers, strings, lists, dicts; arrays become lists), and shares nothing with the process
that asks.

No process is left behind: what is started here is stopped here, whatever happens, and a program whose parent is
killed notices that its standard input has ended.
"""

import atexit
import contextlib
import dataclasses
import inspect
import json
import os
import random
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import numpy as np

BACKENDS = ("tensorflow", "jax", "numpy", "torch")
ROOT = Path(__file__).parents[1]

# What each process does: read a program and its cases from a line of its standard input, run it, write a line of
# answers. A thread reads, so that the process ends with its parent also while a program runs.
MAIN = """
import json, os, queue, resource, sys, threading

import numpy as np

answers, jobs = os.fdopen(os.dup(1), "w"), queue.Queue()
os.dup2(2, 1)  # libraries print what they like


def read():
    for line in sys.stdin:
        jobs.put(json.loads(line))
    os._exit(0)  # some engines would wait for other workers if they ended as usual


def plain(value):
    return value.tolist() if hasattr(value, "tolist") else str(value)


def peak():
    if sys.platform == "linux":  # ru_maxrss would count the parent's memory at the start
        with open("/proc/self/status") as file:
            return 1024 * next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def answer(function, case):
    try:
        return [function(*case), None]
    except Exception as error:
        return [None, [type(error).__name__, str(error)]]


threading.Thread(target=read, daemon=True).start()
while True:
    job = jobs.get()
    names = {"np": np}
    exec(job["source"], names)
    found = [answer(names[job["name"]], case) for case in job["cases"]]
    answers.write(json.dumps([found, peak()], default=plain) + "\\n")
    answers.flush()
    if "keras" in sys.modules:  # the next program starts as a new process would
        sys.modules["keras"].config.set_dtype_policy(sys.modules["keras"].config.floatx())
        sys.modules["keras"].utils.clear_session()
"""


@dataclasses.dataclass(frozen=True)
class Raised:
    """An error that a program raised: the name of its class, and its message."""

    name: str
    message: str


@dataclasses.dataclass(frozen=True)
class Ended:
    """How one program ended.

    Attributes
    ----------
    answers : list
        For each case what the function returned, or `Raised`; empty if the process died before its end.
    peak : float or None
        The largest resident memory of the process in MiB.
    seconds : float
        From the question to the answer, or to the end of the process; a first one includes the start of Python.
    code : int
        0 if the program came to its end, else the exit code of its process, minus the signal's number if one killed it.
    errors : str
        The end of what it wrote to stderr, in which the libraries' start-up notes stand too.
    """

    answers: list
    peak: float | None
    seconds: float
    code: int
    errors: str


def run(function, cases, backend="tensorflow", needs=(), timeout=300):
    """Return what a function answers to each case, run in another process under one Keras backend.

    Parameters
    ----------
    function : function
        The program. It must not use names from outside its body, other than `np` and those of `needs`.
    cases : list of tuple
        The arguments of each call, in order.
    backend : str
        "tensorflow", "jax", "numpy" or "torch"; Keras reads it when it is imported, once in a process. The process of
        a backend is kept and asked again, since importing takes seconds.
    needs : tuple of function
        Other functions that the program calls.
    timeout : float
        Seconds after which the process is stopped.

    Returns
    -------
    list
        For each case what the function returned, or `Raised` where it raised an error.

    Raises
    ------
    ValueError
        If the backend is unknown, the source of a function cannot be read, or a case is not a tuple that JSON can hold.
    RuntimeError
        If the process died; the message has the end of what it wrote.
    TimeoutError
        If it was stopped.
    """
    return on_each(function, cases, (backend,), needs, timeout)[backend]


_kept = {}


def on_each(function, cases, backends=("tensorflow", "jax"), needs=(), timeout=300):
    """Return {backend: answers}: what `run` returns for each backend, their processes side by side.

    Parameters and errors as in `run`.
    """
    for backend in backends:
        if backend in _kept and _kept[backend].process.poll() is not None:
            _kept.pop(backend).close()
        if backend not in _kept:
            _kept[backend] = Program(backend)
    asked = [_kept[backend] for backend in backends]
    try:
        ends = ask(asked, function, [cases] * len(asked), needs, timeout)
        return {backend: completed(ended) for backend, ended in zip(backends, ends, strict=True)}
    except BaseException:  # also an interrupted cell, whose answer would be taken for that of the next
        for backend in backends:
            _kept.pop(backend).close()
        raise


@atexit.register
def stop_kept():
    """Stop the processes of the backends."""
    while _kept:
        _kept.popitem()[1].close()


def peak(function, *given, needs=(), timeout=300):
    """Return what a function answers, and the largest resident memory of the process that ran it, in MiB.

    The memory is that of the whole process, a new one, so compare it with a run that leaves out what is measured.
    Parameters and errors as in `run`; an error in the program is raised as RuntimeError.
    """
    with contextlib.closing(Program()) as program:
        (ended,) = ask([program], function, [[given]], needs, timeout)
    (answer,) = completed(ended)
    if isinstance(answer, Raised):
        raise RuntimeError(f"{answer.name} in {function.__name__}: {answer.message[:500]}")
    return answer, ended.peak


def workers(function, count, *given, needs=(), timeout=300):
    """Run a function as several workers of TensorFlow's `tf.distribute` on this machine, and return how each ended.

    Each is a new process with a TF_CONFIG that names all of them, at free ports of 127.0.0.1, and its own place among
    them. The function is called with the worker's number and then `given`. It imports TensorFlow itself: `utils.quiet`
    uses a device, and a strategy of several workers must be made before that.

    Parameters
    ----------
    function, needs, timeout
        As in `run`; the seconds are those of all together.
    count : int
        How many workers, at least 1.
    *given
        What each is given, after its number.

    Returns
    -------
    list of Ended
        A worker that died has a code other than 0; the others are still waited for.

    Raises
    ------
    ValueError
        As in `run`, and if the count is below 1.
    TimeoutError
        If one had to be stopped; then all are.
    """
    if count < 1:
        raise ValueError(f"`count` is {count}; wanted 1 worker or more.")
    places = [f"127.0.0.1:{port}" for port in free_ports(count)]
    with contextlib.ExitStack() as started:
        programs = []
        for i in range(count):
            config = {"cluster": {"worker": places}, "task": {"type": "worker", "index": i}}
            programs.append(started.enter_context(contextlib.closing(Program(TF_CONFIG=json.dumps(config)))))
        return ask(programs, function, [[(i, *given)] for i in range(count)], needs, timeout)


def free_ports(count):
    """Return as many TCP ports of 127.0.0.1 that nobody listens on.

    They are free when asked, and nothing keeps them so. But they lie below those that a system gives to outgoing
    connections and to who asks for any port: until a worker has started, nobody comes upon them by accident.
    """
    ports = []
    while len(ports) < count:
        port = random.SystemRandom().randrange(16_384, 32_768)  # a seed would give two programs the same ones
        with socket.socket() as one, contextlib.suppress(OSError):  # somebody listens there
            one.bind(("127.0.0.1", port))
            if port not in ports:
                ports.append(port)
    return ports


class Program:
    """A process that waits for programs.

    Parameters
    ----------
    backend : str
        As in `run`.
    **environment
        More environment variables for it.
    """

    def __init__(self, backend="tensorflow", **environment):
        if backend not in BACKENDS:
            raise ValueError(f"`backend` is {backend!r}; Keras has {', '.join(BACKENDS)}.")
        self._stderr = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 (closed by `close`)
        self.process = subprocess.Popen(
            [sys.executable, "-c", MAIN],
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "KERAS_BACKEND": backend,
                "TF_CPP_MIN_LOG_LEVEL": "3",
                "TF_ENABLE_ONEDNN_OPTS": "0",  # the same digits on every CPU
                "CUDA_VISIBLE_DEVICES": "",
                "JAX_PLATFORMS": "cpu",
                **environment,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
            start_new_session=True,  # what it starts is stopped with it
        )

    def put(self, job):
        """Give it a program; it answers in a line of `process.stdout`."""
        with contextlib.suppress(BrokenPipeError):  # it died; `ended` says so
            self.process.stdin.write(job + "\n")
            self.process.stdin.flush()

    def ended(self, since):
        """Read its answer, or the end of the process, and return how the program ended."""
        line = self.process.stdout.readline()
        answers, memory = json.loads(line) if line else ([], None)
        code = 0 if line else self.process.wait()
        self._stderr.seek(0)
        return Ended(
            [Raised(*error) if error else answer for answer, error in answers],
            memory / 2**20 if memory else None,
            time.monotonic() - since,
            code,
            self._stderr.read()[-2000:],
        )

    def close(self):
        """End the process and all that it started."""
        with contextlib.suppress(ProcessLookupError):  # nothing of its group is left
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for file in (self.process.stdin, self.process.stdout, self._stderr):
            with contextlib.suppress(BrokenPipeError):
                file.close()


def ask(programs, function, cases, needs, timeout):
    """Run a function in each of several processes, with cases for each, and return how each ended.

    Errors as in `run`; a process that died is no error here.
    """
    if not all(isinstance(case, tuple) for given in cases for case in given):
        raise ValueError("`cases` must hold a tuple of arguments for each call: [(1,), (2,)].")
    job = {"name": function.__name__, "source": "\n".join(_source(one) for one in (*needs, function))}
    try:
        jobs = [json.dumps({**job, "cases": given}, default=_plain) for given in cases]
    except TypeError as error:
        raise ValueError(f"`cases` holds what JSON cannot write ({error}); pass numbers, strings and lists.") from error
    since = time.monotonic()
    for program, written in zip(programs, jobs, strict=True):
        program.put(written)
    ends = {}
    while len(ends) < len(programs):
        waiting = [program.process.stdout for program in programs if program not in ends]
        ready = select.select(waiting, [], [], max(since + timeout - time.monotonic(), 0))[0]
        if not ready:
            raise TimeoutError(f"A program was stopped after {timeout} s; give it a larger `timeout` or less to do.")
        for program in programs:
            if program not in ends and program.process.stdout in ready:
                ends[program] = program.ended(since)
    return [ends[program] for program in programs]


def completed(ended):
    """Return the answers of a program that has ended, or raise RuntimeError if its process died before."""
    if ended.code:
        raise RuntimeError(f"The process ended with code {ended.code}. The last it wrote:\n{ended.errors}")
    return ended.answers


def _source(function):
    """Return the source of a function, or raise ValueError where there is none to read or it leans on the outside."""
    try:
        source = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError) as error:
        raise ValueError(f"The source of {function!r} cannot be read; write a `def` in a file or a cell.") from error
    if not re.match(r"def ", source) or function.__closure__:
        raise ValueError(f"{function.__qualname__} must be a plain `def` at the left margin of its file or cell.")
    return source


def _plain(value):
    """Return an array or a NumPy number as JSON can hold it."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__}")
