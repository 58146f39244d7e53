"""Kinds of one thing: a record for each, found by its name.

A kind of cell, of decoder or of head is one record. Names that parameters may take, builders,
initialisers and what a kind can do are all read from it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import numpy as np

Tensor = Any


class _Named(Protocol):
    @property
    def name(self) -> str: ...


Kind = TypeVar("Kind", bound=_Named)


class Kinds(Mapping[str, Kind]):
    """Records by name; those of skrnn are read with the first look.

    Parameters
    ----------
    room : str
        Module that adds the records of skrnn. It is imported late, since it imports keras, and the
        names are wanted before.
    """

    def __init__(self, room: str) -> None:
        self._room: str | None = room
        self._records: dict[str, Kind] = {}

    def add(self, record: Kind) -> Kind:
        """Add a record; return it."""
        self._records[record.name] = record
        return record

    def remove(self, name: str) -> None:
        """Forget a record."""
        del self._records[name]

    def __getitem__(self, name: str) -> Kind:
        """Return the record of a name."""
        return self._known()[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self._known())

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self._known())

    def _known(self) -> dict[str, Kind]:
        if self._room is not None:
            importlib.import_module(self._room)
            self._room = None
        return self._records


@dataclass(frozen=True)
class InitialWeight:
    """How a weight of a layer starts.

    Attributes
    ----------
    argument : str
        Argument of the layer that sets the initialiser; empty where there is none.
    default : str
        "zeros", "glorot_uniform", "orthogonal", or "embeddings".
    """

    argument: str
    default: str


@dataclass(frozen=True)
class Cell:
    """A kind of recurrent cell.

    Attributes
    ----------
    name : str
    keras_cell : type
        The cell in the model that users see.
    value_cell : type
        The same with a recurrent dropout that is a value, in the model that is trained.
    keras_layer : type or None
        Keras' own layer of this cell, if there is one.
    fast_layer : type or None
        A layer of ours in its place, for tanh and sigmoid.
    forget_gate : bool
        Whether the second of four gates forgets: its bias starts at one.
    weights : mapping
        How the weights start that only this cell has, by name.
    """

    name: str
    keras_cell: type
    value_cell: type
    keras_layer: type | None = None
    fast_layer: type | None = None
    forget_gate: bool = False
    weights: Mapping[str, InitialWeight] = field(default_factory=dict)


@dataclass(frozen=True)
class Decoder:
    """A way to write the horizon.

    Attributes
    ----------
    name : str
    write : callable
        From the spec, what was encoded and the inputs of the network to a tensor of shape (n_rows,
        horizon, n_targets), with an axis of quantiles behind if any.
    reads_targets : bool
        Whether it is shown the true values while training.
    shows_attention : bool
        Whether its attention can be read.
    weights : mapping
        How the weights start that only this decoder has, by name.
    """

    name: str
    write: Callable[..., Tensor]
    reads_targets: bool = False
    shows_attention: bool = True
    weights: Mapping[str, InitialWeight] = field(default_factory=dict)


@dataclass(frozen=True)
class Head:
    """What the outputs of a network mean.

    Attributes
    ----------
    name : str
    loss : callable
        From the loss that is asked for and the quantiles, if any, to the one that is trained with.
    finish : callable or None
        From spec and outputs to what the engine trains on.
    activation : {"linear", "sigmoid", "softmax"}
        What the model that users see ends with. The engine trains on what comes before.
    decode : callable or None
        From outputs of the engine to what they mean, such as probabilities; arrays of NumPy.
    """

    name: str
    loss: Callable[[Any, tuple[float, ...]], Any]
    finish: Callable[..., Tensor] | None = None
    activation: str = "linear"
    decode: Callable[[np.ndarray], np.ndarray] | None = None

    @property
    def structure(self) -> str:
        """The head that is compiled: those without layers of their own are one."""
        return VALUES if self.finish is None else self.name


VALUES = "values"
CELLS: Kinds[Cell] = Kinds("skrnn.networks._cells")
DECODERS: Kinds[Decoder] = Kinds("skrnn.networks._encoder_decoder")
HEADS: Kinds[Head] = Kinds("skrnn.networks._heads")
