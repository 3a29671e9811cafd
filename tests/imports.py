"""Who imports what, read from the AST: the ground on which the architecture tests stand."""

import ast
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "pipeline").rglob("*.py"))


def name_of(path: Path) -> str:
    """pipeline/train/fitting.py -> pipeline.train.fitting; a package's __init__.py -> the package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PATHS = {name_of(path): path for path in MODULES}


@cache
def imported(module: str) -> frozenset[str]:
    """Every module a module of ours names in an import (anywhere in it), or locates with distribution."""
    found = set()
    for node in ast.walk(ast.parse(PATHS[module].read_text())):
        match node:
            case ast.Import(names=names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module=str(source), names=names, level=0):
                found.add(source)
                found |= {full for alias in names if (full := f"{source}.{alias.name}") in PATHS}
            case ast.Call(func=ast.Name(id="distribution"), args=[ast.Constant(value=str(name))]):
                found.add(name)
    return frozenset(found)


@cache
def closure(module: str) -> frozenset[str]:
    """The modules of ours that importing a module loads: itself, packages above, and theirs."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found or name not in PATHS:
            continue
        found.add(name)
        waiting += [name.rsplit(".", 1)[0], *imported(name)] if "." in name else imported(name)
    return frozenset(found)


def files(module: str) -> set[str]:
    """What importing a module reads of ours: paths from the root, with the templates, styles and fonts beside it."""
    found = {PATHS[name] for name in closure(module)}
    folders = {path.parent for path in found}
    found |= {
        path for folder in folders for path in folder.iterdir() if path.suffix in (".html", ".css", ".js", ".conf")
    }
    return {str(path.relative_to(ROOT)) for path in found}


def listed(deps: list[str]) -> list[str]:
    """The files of ours that dependencies name, each time they do: a folder names all that git would keep in it."""
    found: list[str] = []
    for dep in deps:
        path = ROOT / dep
        inside = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
        found += [str(file.relative_to(ROOT)) for file in inside if "__pycache__" not in file.parts]
    return found


def packages(module: str) -> set[str]:
    """The distributions a module and ours beneath it import, as versions.json names them."""
    known = packages_distributions()
    tops = {name.split(".")[0] for own in closure(module) for name in imported(own)} - {"pipeline"}
    return {distribution(top, known[top]) for top in tops - set(sys.stdlib_module_names)}


def distribution(top: str, known: list[str]) -> str:
    """The one that bears the import's name where several provide it (mlflow); tensorflow whatever its build."""
    name = top if top in known or top == "tensorflow" else known[0]
    return name.lower().replace("_", "-").replace(".", "-")
