"""Section benchmark of params.yaml."""

from typing import Annotated

from pydantic import AfterValidator, Field

from pipeline.io.params import Section, each_once
from pipeline.models import registry


def known(name: str) -> str:
    """Refuse what is no name of the registry."""
    if name not in registry.NAMES:
        raise ValueError(f"found {name!r}; accepted: {', '.join(registry.NAMES)}")
    return name


Name = Annotated[str, AfterValidator(known)]


class Params(Section):
    """Section benchmark of params.yaml, where each key is explained."""

    models: Annotated[list[Name], Field(min_length=1), AfterValidator(each_once)]
    window: int = Field(ge=1)
