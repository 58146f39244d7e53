"""Networks that users build."""

from __future__ import annotations

from ..compat._fork import check_not_forked
from ..compat._keras import keras, last_operation, supported
from ._blocks import make_inputs
from ._by_config import thaw
from ._heads import activate, finish
from ._kinds import HEADS
from ._spec import CustomSpec

_PROBABILITIES = ("softmax", "sigmoid")


def build_custom(spec: CustomSpec, *, masked: bool = True) -> keras.Model:
    """Return the model of the user's function, with the inputs that `spec` names.

    Parameters
    ----------
    spec : CustomSpec
    masked : bool
        Whether it needs an input for the mask, also where it makes no use of it.

    Raises
    ------
    TypeError
        When the function returns no Keras model.
    ValueError
        When inputs or outputs of the model are not those that are asked for.
    """
    model = build_users_model(spec)
    outputs = activate(spec, finish(spec, model.outputs[0]))
    if not masked and outputs is model.outputs[0]:
        return model
    inputs = model.inputs
    if masked and not takes_mask(model):
        inputs = [*inputs, make_inputs(spec)["mask"]]
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], outputs)


def build_users_model(spec: CustomSpec) -> keras.Model:
    """Return the model of the user's function, checked."""
    check_not_forked()
    shape = spec.n_timesteps, spec.n_features
    n_outputs = spec.n_outputs * max(1, spec.n_quantiles)
    with supported("This network"):
        model = thaw(spec.network)(shape, n_outputs)
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"network must return a keras.Model, but it returned {model!r} for input shape {shape} "
            f"and {n_outputs} outputs."
        )
    if not getattr(model, "inputs", None):
        raise ValueError(
            "network must return a model that has its inputs. Build it from keras.Input, as in "
            "keras.Model(inputs, outputs) or keras.Sequential([keras.Input(shape), ...])."
        )
    _check_inputs(model, shape)
    _check_outputs(model, spec, n_outputs)
    return model


def takes_mask(model: keras.Model) -> bool:
    """Return whether a model has a second input, for the mask."""
    return len(model.inputs) == 2


def _check_inputs(model: keras.Model, shape: tuple[int, int]) -> None:
    found = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    if found not in ([shape], [shape, shape[:1]]):
        raise ValueError(
            f"network must return a model with an input of shape {shape}, and if it can make use "
            f"of masked steps a second one of shape {shape[:1]} for the mask, but the inputs have "
            f"shapes {found}."
        )


def _check_outputs(model: keras.Model, spec: CustomSpec, n_outputs: int) -> None:
    steps = (spec.n_timesteps,) if spec.return_sequences else ()
    expected, found = (*steps, n_outputs), [tuple(tensor.shape[1:]) for tensor in model.outputs]
    if found != [expected]:
        raise ValueError(
            f"network must return a model with one output of shape {expected}, but the outputs "
            f"have shapes {found}."
        )
    last = last_operation(model)
    kind = getattr(getattr(last, "activation", None), "__name__", type(last).__name__.lower())
    if HEADS[spec.head].activation != "linear" and kind in _PROBABILITIES:
        raise ValueError(
            f"The model that network returns ends with {kind}, but a classifier needs the "
            "values before it, on which the loss is exact. Leave the last activation out; "
            "predict_proba applies it."
        )
