"""Models of Keras from sequences as they are to predictions in the units of `y`."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from ..compat._keras import keras
from ..networks._build import build_keras_model
from ..networks._custom import build_users_model, takes_mask
from ..networks._spec import CustomSpec, Spec
from ..networks._weights import Weights
from ..scaling._plain import Plain, formula_of, from_plain, to_plain
from ._target_form import TargetForm

ops = keras.ops
Tensor = Any
Shape = tuple[int | None, ...]


@keras.saving.register_keras_serializable(package="skrnn")
class ScaleInputs(keras.layers.Layer):
    """Scale sequences as a fitted estimator does, and find out which steps are masked.

    Parameters
    ----------
    scaler : dict
        The fitted scaler, as `to_plain` gives it.
    fill : bool, default=True
        Set masked steps to zero, for a network that is told of them; else they stay NaN.
    """

    def __init__(self, scaler: Plain, *, fill: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scaler, self.fill = scaler, fill

    def call(self, sequences: Tensor) -> tuple[Tensor, Tensor]:
        """Return scaled sequences, and a mask that is False where all features are NaN."""
        shape, mask = tuple(sequences.shape[1:]), _mask_of(sequences)
        steps = ops.reshape(sequences, (-1, math.prod(shape[:-1]), shape[-1]))
        scaled = _with_tensors(self.scaler).transform(steps, xp=ops)
        if len(scaled.shape) == 2:  # numbers of tokens, zero where masked
            return scaled, mask
        scaled = ops.reshape(scaled, (-1, *shape))
        there = ops.reshape(mask, (-1, shape[0], *(1,) * (len(shape) - 1)))
        return (ops.where(there, scaled, 0.0) if self.fill else scaled), mask

    def get_config(self) -> dict[str, Any]:
        """Return the configuration."""
        return {**super().get_config(), "scaler": self.scaler, "fill": self.fill}


@keras.saving.register_keras_serializable(package="skrnn")
class UnknownTargets(keras.layers.Layer):
    """NaN, for a network that is shown true values while it is trained.

    Parameters
    ----------
    shape : sequence of int
        Of the targets of a row.
    """

    def __init__(self, shape: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shape = list(shape)

    def call(self, sequences: Tensor) -> Tensor:
        """Return a tensor of shape (n_rows, *shape)."""
        return ops.full((ops.shape(sequences)[0], *self.shape), math.nan)

    def compute_output_shape(self, sequences_shape: Shape) -> Shape:
        """Return (n_rows, *shape)."""
        return (sequences_shape[0], *self.shape)

    def get_config(self) -> dict[str, Any]:
        """Return the configuration."""
        return {**super().get_config(), "shape": self.shape}


@keras.saving.register_keras_serializable(package="skrnn")
class RestoreTargets(keras.layers.Layer):
    """Take outputs of a network back to the units and the shape of `y`.

    Parameters
    ----------
    scaler : dict
        The fitted scaler, as `to_plain` gives it.
    quantile : int or None
        Number of the quantile that is returned, where there are some.
    every_step : bool
        Whether each step has outputs, which become NaN where it is masked.
    one_dimensional : bool
        Whether `y` had no axis of outputs.
    """

    def __init__(
        self,
        scaler: Plain,
        *,
        quantile: int | None,
        every_step: bool,
        one_dimensional: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.scaler, self.quantile = scaler, quantile
        self.every_step, self.one_dimensional = every_step, one_dimensional

    def call(self, outputs: Tensor, sequences: Tensor) -> Tensor:
        """Return predictions; targets may be relative to the sequences, which are not scaled."""
        values = outputs if self.quantile is None else outputs[..., self.quantile]
        values = _with_tensors(self.scaler).inverse_transform(values, sequences, xp=ops)
        if self.every_step:
            values = ops.where(_mask_of(sequences)[..., None], values, math.nan)
        return values[..., 0] if self.one_dimensional else values

    def compute_mask(self, *inputs: Any, previous_mask: Any = None) -> None:
        """Return no mask: NaN says where a step is masked."""

    def get_config(self) -> dict[str, Any]:
        """Return the configuration."""
        return {
            **super().get_config(),
            "scaler": self.scaler,
            "quantile": self.quantile,
            "every_step": self.every_step,
            "one_dimensional": self.one_dimensional,
        }


def build_exported_model(
    spec: Spec, weights: Weights, shape: tuple[int, ...], scaler: Any, form: TargetForm
) -> keras.Model:
    """Return a model from sequences as they are to predictions in the units of `y`.

    Parameters
    ----------
    spec : Spec
    weights : Weights
    shape : tuple of int
        Of a sequence: steps, then height and width of frames if any, then features.
    scaler : scaler
        Of the inputs, fitted.
    form : TargetForm

    Raises
    ------
    ValueError
        When a scaler cannot go into a layer.
    """
    input_scaler = to_plain(formula_of(scaler, "input_scaler"))
    target_scaler = to_plain(formula_of(form.scaler, "target_scaler"))
    masked = not isinstance(spec, CustomSpec) or takes_mask(build_users_model(spec))
    core = build_keras_model(spec, weights, masked=masked)
    sequences = keras.Input(shape, dtype="float32", name="X")
    scaled, mask = ScaleInputs(input_scaler, fill=masked, name="scale")(sequences)
    given = {"sequence": scaled, "mask": mask}
    if "targets" in spec.inputs:
        given["targets"] = UnknownTargets(spec.inputs["targets"].shape, name="unknown")(sequences)
    taken = [given[name] for name in spec.inputs if masked or name != "mask"]
    outputs = core(taken if len(taken) > 1 else taken[0])
    restore = RestoreTargets(
        target_scaler,
        quantile=form.quantile,
        every_step=form.every_step,
        one_dimensional=form.one_dimensional,
        name="restore",
    )
    return keras.Model(sequences, restore(outputs, sequences), name="exported")


def _mask_of(sequences: Tensor) -> Tensor:
    axes = tuple(range(2, len(sequences.shape)))
    return ops.logical_not(ops.all(ops.isnan(sequences), axis=axes))


def _with_tensors(scaler: Plain) -> Any:
    return from_plain(scaler, partial(ops.convert_to_tensor, dtype="float32"))
