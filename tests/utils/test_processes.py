"""Programs in processes of their own: what they answer, what stops them, that none is left."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from utils import processes
from utils.processes import Program, Raised, ask, on_each, peak, run, workers

ROOT = Path(__file__).parents[2]


def backend_of(number):
    import keras

    return keras.backend.backend(), number


def half_policy():
    import keras

    before = keras.config.dtype_policy().name
    keras.config.set_dtype_policy("mixed_bfloat16")
    return before


def raises():
    raise KeyError("no {brace}")


def echo(value):
    return value


def ones(count):
    return float(np.ones(count).sum())


def twice(number):
    return 2 * ones(number)


def dies(worker, seconds):
    import os
    import signal
    import time

    if worker == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(seconds)
    return os.environ["TF_CONFIG"]


def sleeps(seconds):
    import time

    time.sleep(seconds)


def starts_another():
    import subprocess
    import sys

    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid


def alive(pid):
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid, seconds=10):
    until = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    return not alive(pid)


@pytest.fixture(autouse=True)
def nothing_kept():
    yield
    processes.stop_kept()


@pytest.mark.slow
def test_each_backend_answers_every_case_in_order():
    answers = on_each(backend_of, [(1,), (2,)], ("tensorflow", "jax", "numpy"))
    assert answers == {name: [[name, 1], [name, 2]] for name in answers}
    assert list(answers) == ["tensorflow", "jax", "numpy"]


@pytest.mark.slow
def test_a_program_finds_the_settings_of_a_new_process():
    assert [run(half_policy, [()], "numpy")[0] for _ in range(2)] == ["float32", "float32"]


def test_numbers_come_back_as_they_are():
    values = [-0.0, float("nan"), float("inf"), 0.1, 2**53 + 1]
    (answer,) = run(echo, [(values,)])
    assert repr(answer) == repr(values)
    assert run(echo, [(np.arange(3),)]) == [[0, 1, 2]]


def test_an_error_is_an_answer():
    assert run(raises, [()]) == [Raised("KeyError", "'no {brace}'")]


def test_a_program_takes_the_functions_that_it_needs():
    assert run(twice, [(3,)], needs=(ones,)) == [6.0]
    assert run(twice, [(3,)])[0].name == "NameError"


def test_the_peak_is_that_of_the_program_and_not_of_its_parent():
    filled = np.ones(30_000_000)  # 229 MiB here must not count there
    small, large = (peak(ones, count)[1] for count in (1, 40_000_000))
    assert filled.any()
    assert small < 100
    assert 290 < large - small < 330  # 305 MiB


def test_an_error_stops_the_measurement_of_a_peak():
    with pytest.raises(RuntimeError, match=r"KeyError in raises: 'no \{brace\}'"):
        peak(raises)


def test_a_worker_that_dies_is_reported_and_the_other_waited_for():
    first, second = workers(dies, 2, 0.5)
    assert '"index": 0' in first.answers[0]
    assert first.code == 0
    assert (second.code, second.answers, second.peak) == (-9, [], None)


def test_a_process_that_died_is_an_error_and_the_next_question_has_a_new_one():
    with pytest.raises(RuntimeError, match="code -9"):
        run(dies, [(1, 0)])
    assert run(echo, [(1,)]) == [1]


def test_a_program_that_takes_too_long_is_stopped_with_what_it_started():
    program = Program()
    (ended,) = ask([program], starts_another, [[()]], (), 30)
    child = ended.answers[0]
    assert alive(child)
    program.close()
    assert gone(child)
    with pytest.raises(TimeoutError, match=r"after 0\.5 s"):
        run(sleeps, [(60,)], timeout=0.5)
    assert not processes._kept
    with pytest.raises(TimeoutError):
        workers(dies, 1, 60, timeout=0.5)


def test_an_interrupted_question_is_not_answered_later():
    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 1)
        with pytest.raises(KeyboardInterrupt):
            run(sleeps, [(2,)])
    finally:
        signal.signal(signal.SIGALRM, before)
    assert run(echo, [(1,)]) == [1]


def test_a_program_ends_with_its_parent():
    code = "from utils.processes import Program, os\nprint(Program().process.pid, flush=True)\nos.kill(os.getpid(), 9)"
    parent = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert gone(int(parent.stdout))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: run(echo, [(1,)], "theano"), "`backend` is 'theano'"),
        (lambda: run(echo, [1]), "a tuple of arguments for each call"),
        (lambda: run(echo, [({1, 2},)]), "JSON cannot write"),
        (lambda: run(len, [("a",)]), "cannot be read"),
        (lambda: run(lambda: 1, [()]), "must be a plain `def`"),
        (lambda: workers(echo, 0), "`count` is 0"),
    ],
)
def test_bad_input_gets_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_ports_are_free_ones_that_differ_and_that_nobody_is_given(monkeypatch):
    with socket.socket() as taken, socket.socket() as given:
        taken.bind(("127.0.0.1", processes.free_ports(1)[0]))
        given.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        drawn = iter([port, port - 1, port - 1, port - 2])
        assert port < 32_768 <= given.getsockname()[1]
        monkeypatch.setattr(processes.random.SystemRandom, "randrange", lambda *_: next(drawn))
        assert processes.free_ports(2) == [port - 1, port - 2]
