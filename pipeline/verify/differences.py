"""Compare the numbers in two versions of an output: a table, a model or a JSON file."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.io.artifacts import read_json, read_table

Numbers = dict[str, NDArray[np.float64]]


def largest_difference(before: Path, after: Path) -> tuple[float, str]:
    """Return the largest difference between two files or folders, and the same in words.

    A difference is relative to the largest value of its column. It is infinite if rows, columns or missing values
    differ, and nan if the files have no numbers.
    """
    old, new = numbers(before), numbers(after)
    if not old and not new:
        return np.nan, "a file of this type has no numbers to compare"
    shared = [name for name in old if name in new and np.array_equal(np.isnan(old[name]), np.isnan(new[name]))]
    if unequal := sorted((old.keys() | new.keys()) - set(shared)):
        return np.inf, f"rows, columns or missing values differ, in {unequal[0]}"
    distances = {name: distance(old[name], new[name]) for name in old}
    column = max(distances, key=distances.__getitem__)
    if not distances[column]:
        return 0.0, "the numbers are the same"
    return distances[column], f"the largest relative difference is {distances[column]:.1g}, in {column}"


def distance(old: NDArray[np.float64], new: NDArray[np.float64]) -> float:
    """Return the largest |new - old| divided by the largest |old|, without missing values; 0 without any value."""
    changed = (old != new) & ~np.isnan(old)
    size = np.abs(old[np.isfinite(old)]).max(initial=0) or 1.0
    return float(np.abs(new[changed] - old[changed]).max(initial=0) / size)


def numbers(path: Path) -> Numbers:
    """Return the columns of a table, the weights of a model or the numbers of a JSON file, by name.

    For a folder, return those of all its files.
    """
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        return {f"{file.relative_to(path)} {name}": values for file in files for name, values in numbers(file).items()}
    match path.suffix:
        case ".parquet":
            return columns(read_table(path))
        case ".csv":
            return columns(pd.read_csv(path))
        case ".json":
            return {name: np.array([value], np.float64) for name, value in leaves(read_json(path))}
        case ".keras":
            return weights(path)
        case _:
            return {}


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, float]]:
    """Yield each number in nested mappings and lists, with its path."""
    if isinstance(value, int | float):
        yield name.lstrip("."), value
    elif isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, f"{name}.{key}")


def columns(table: pd.DataFrame) -> Numbers:
    """Return the numeric columns of a table."""
    numeric = table.select_dtypes(["number", "bool"])
    return {str(name): numeric[name].to_numpy(np.float64, na_value=np.nan) for name in numeric}


def weights(path: Path) -> Numbers:
    """Return the weights of a .keras file, by their path in it."""
    weights_by_path: Numbers = {}

    def keep(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset):
            weights_by_path[name] = np.asarray(item, np.float64)

    with zipfile.ZipFile(path) as archive:
        content = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(content) as file:
        file.visititems(keep)
    return weights_by_path
