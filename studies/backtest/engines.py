"""Where the tasks run: in processes of this machine, or on a Ray cluster if RAY_ADDRESS is set."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky.process_executor import TerminatedWorkerError

from pipeline import PINS
from pipeline.io.errors import UserError

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
ATTEMPTS = 3  # after a worker was killed, its tasks run again
CONNECT_SECONDS = 5


def results(function: Callable[..., Any], tasks: list[T], *shared: Any) -> Iterator[tuple[T, Any]]:
    """Yield each task with function(task, *shared), in the order in which they finish.

    Raises UserError if the cluster does not answer, or if workers are killed again and again.
    """
    address = os.environ.get("RAY_ADDRESS")
    return _on_ray(address, function, tasks, shared) if address else _on_cores(function, tasks, shared)


def _with_task(function: Callable[..., Any], task: T, shared: tuple[Any, ...]) -> tuple[T, Any]:
    return task, function(task, *shared)


def _on_core(driver: int, function: Callable[..., Any], task: T, shared: tuple[Any, ...]) -> tuple[T, Any]:
    _end_with(driver)
    return _with_task(function, task, shared)


@cache
def _end_with(driver: int) -> None:
    """End this process soon after its parent, which may be killed: otherwise it could wait for it for ever."""

    def watch() -> None:
        while os.getppid() == driver:
            time.sleep(1)
        os._exit(1)

    if os.getpid() != driver:  # a single worker is the driver itself
        threading.Thread(target=watch, daemon=True).start()


def _on_cores(function: Callable[..., Any], tasks: list[T], shared: tuple[Any, ...]) -> Iterator[tuple[T, Any]]:
    """Run the tasks in one process for each core; LOKY_MAX_CPU_COUNT limits them."""
    missing = list(tasks)
    for attempt in range(1, ATTEMPTS + 1):
        with parallel_config("loky", n_jobs=-1, inner_max_num_threads=1):
            run = Parallel(return_as="generator_unordered")
        try:
            for task, result in run([delayed(_on_core)(os.getpid(), function, task, shared) for task in missing]):
                missing.remove(task)
                yield task, result
            return
        except TerminatedWorkerError:
            if attempt == ATTEMPTS:
                raise UserError(
                    f"backtest: found a worker killed in each of {ATTEMPTS} attempts, perhaps for its memory; "
                    "accepted: fewer workers (LOKY_MAX_CPU_COUNT=1); finished tasks are kept"
                ) from None


def _on_ray(
    address: str, function: Callable[..., Any], tasks: list[T], shared: tuple[Any, ...]
) -> Iterator[tuple[T, Any]]:
    """Run the tasks on a Ray cluster, with the code of this working tree. Ray repeats the tasks of a killed worker."""
    try:
        import ray
    except ModuleNotFoundError:
        raise UserError("RAY_ADDRESS: found no package ray; accepted: `pip install .[ray]`") from None
    try:
        host, _, port = address.rpartition(":")
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()  # ray.init would try for minutes
        code = {
            "py_modules": [str(ROOT / "pipeline"), str(ROOT / "studies")],
            "excludes": ["__pycache__", "data/", "reports/", ".dvc/"],
            "env_vars": PINS,
        }
        ray.init(address, runtime_env=code, log_to_driver=False, logging_level="ERROR")
    except (OSError, ValueError, ray.exceptions.RayError) as error:
        reason = str(error.__cause__ or error).strip().splitlines()[-1].partition(". ")[0]  # after Ray's traceback
        accepted = "host:port of a running cluster, and its token"
        raise UserError(f"RAY_ADDRESS: found {address}: {reason}; accepted: {accepted}") from None
    try:
        run = ray.remote(num_cpus=1, max_retries=ATTEMPTS, scheduling_strategy="SPREAD")(_with_task)
        stored = ray.put(shared)
        waiting = [run.remote(function, task, stored) for task in tasks]
        while waiting:
            (done,), waiting = ray.wait(waiting)
            yield ray.get(done)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None
    except ray.exceptions.RayError as error:
        found = str(error).splitlines()[0]
        raise UserError(f"RAY_ADDRESS: found {found}; accepted: workers that live; finished tasks are kept") from None
    finally:
        ray.shutdown()
