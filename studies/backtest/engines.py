"""Where the tasks run: processes of this machine, or a Ray cluster if RAY_ADDRESS is set."""

import os
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import joblib

T = TypeVar("T")


def results(function: Callable[..., Any], tasks: list[T], *shared: Any) -> Iterator[tuple[T, Any]]:
    """Yield each task with function(task, *shared), in the order in which they finish."""
    if os.environ.get("RAY_ADDRESS"):
        raise NotImplementedError
    yield from local_results(function, tasks, shared)


def local_results(function: Callable[..., Any], tasks: list[T], shared: tuple[Any, ...]) -> Iterator[tuple[T, Any]]:
    """Run the tasks in processes of this machine, one for each core."""
    with joblib.parallel_config("loky", n_jobs=-1, inner_max_num_threads=1):
        run = joblib.Parallel(return_as="generator_unordered")
        yield from run(joblib.delayed(_with_task)(function, task, shared) for task in tasks)


def _with_task(function: Callable[..., Any], task: T, shared: tuple[Any, ...]) -> tuple[T, Any]:
    return task, function(task, *shared)
