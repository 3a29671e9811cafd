"""Section benchmark of params.yaml."""

from typing import Annotated

from pydantic import AfterValidator, Field

from pipeline.io.params import Section, each_once
from pipeline.models import registry


def in_registry(name: str) -> str:
    """Reject a name that is not in the registry of simple models."""
    if name not in registry.NAMES:
        raise ValueError(f"found {name!r}; accepted: {', '.join(registry.NAMES)}")
    return name


Name = Annotated[str, AfterValidator(in_registry)]


class Params(Section):
    """Section benchmark of params.yaml, where each key is explained."""

    models: Annotated[list[Name], Field(min_length=1), AfterValidator(each_once)]
    window: int = Field(ge=1)
