"""Section train of params.yaml."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from pipeline.io.params import Section

Count = Annotated[int, Field(ge=1)]
AtLeast0 = Annotated[float, Field(ge=0)]
Optimizer = Literal["adamw", "adam", "nadam", "rmsprop", "sgd"]
Cell = Literal["lstm", "gru", "rnn", "dense"]
Loss = Literal["mse", "mae", "huber"]


class Params(Section):
    """Section train of params.yaml, where each key is explained."""

    window: Count
    cell: Cell
    units: list[Count] = Field(min_length=1)
    bidirectional: bool
    dropout: float = Field(ge=0, lt=1)
    optimizer: Optimizer
    learning_rate: float = Field(gt=0)
    weight_decay: AtLeast0
    loss: Loss
    forecast_price: bool
    batch_size: Count
    epochs: Count
    patience: Count
    members: Count
    seed: int = Field(ge=0, lt=2**31)

    @property
    def architecture(self) -> dict[str, Any]:
        """The parameters of `network.build`."""
        return self.model_dump(include={"cell", "units", "bidirectional", "dropout"})

    @model_validator(mode="after")
    def is_bidirectional_only_if_recurrent(self) -> "Params":
        if self.bidirectional and self.cell == "dense":
            raise ValueError("found bidirectional: true with cell: dense; accepted: with lstm, gru or rnn")
        return self
