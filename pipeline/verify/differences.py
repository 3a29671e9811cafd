"""How far the numbers of two versions of an output lie apart: tables, weights and metrics."""

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
    """The largest difference between two files or folders, relative to the largest value of its column, and a sentence
    that names the column. It is infinite where rows, columns or missing values differ, and nan without numbers.
    """
    old, new = numbers(before), numbers(after)
    if not old and not new:
        return np.nan, "a file of this type has no numbers to compare"
    shared = [name for name in old if name in new and comparable(old[name], new[name])]
    if other := sorted((old.keys() | new.keys()) - set(shared)):
        return np.inf, f"rows, columns or missing values differ, in {other[0]}"
    distances = {name: distance(old[name], new[name]) for name in old}
    where = max(distances, key=distances.__getitem__)
    if not distances[where]:
        return 0.0, "the numbers are the same"
    return distances[where], f"the largest relative difference is {distances[where]:.1g}, in {where}"


def comparable(old: NDArray[np.float64], new: NDArray[np.float64]) -> bool:
    """Whether two arrays have the same shape and miss the same values."""
    return old.shape == new.shape and bool((np.isnan(old) == np.isnan(new)).all())


def distance(old: NDArray[np.float64], new: NDArray[np.float64]) -> float:
    """The largest |new - old| by the largest |old|, over values that are not missing; 0 where there are none."""
    changed = (old != new) & ~np.isnan(old)
    size = np.abs(old[np.isfinite(old)]).max(initial=0) or 1.0
    return float(np.abs(new[changed] - old[changed]).max(initial=0) / size)


def numbers(path: Path) -> Numbers:
    """Each column of a table, each weight of a model, each number of a JSON file, by its name; of a folder, of all its
    files.
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
    """The numbers in nested mappings and lists, by their path."""
    if isinstance(value, int | float):
        yield name.lstrip("."), value
    elif isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, f"{name}.{key}")


def columns(table: pd.DataFrame) -> Numbers:
    """The numeric columns."""
    chosen = table.select_dtypes(["number", "bool"])
    return {str(name): chosen[name].to_numpy(np.float64, na_value=np.nan) for name in chosen}


def weights(path: Path) -> Numbers:
    """The weights of a .keras file, by their path in it."""
    found: Numbers = {}

    def keep(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = np.asarray(item, np.float64)

    with zipfile.ZipFile(path) as archive:
        content = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(content) as file:
        file.visititems(keep)
    return found
