"""The parts of the docstrings that recurrent estimators share, written once."""

from __future__ import annotations

import inspect
from textwrap import indent
from typing import TypeVar

Class = TypeVar("Class", bound=type)
# Type and text of a parameter, by its name.
Descriptions = dict[str, tuple[str, str]]

_PARAMETERS: Descriptions = {
    "cell": (
        '{"lstm", "gru", "simple", "peephole"}',
        "Recurrent cell: long short-term memory [1]_, gated recurrent unit [2]_, the plain\n"
        "recurrent layer of Keras, or an LSTM whose gates also see the cell state (F. Gers and\n"
        'J. Schmidhuber, "Recurrent nets that time and count", IJCNN 2000).',
    ),
    "units": (
        "int or sequence of int",
        "Width of the recurrent layer; one entry per layer stacks several, first layer first, as\n"
        "in `(128, 64, 32)`.",
    ),
    "bidirectional": (
        "bool or sequence of bool",
        "Read the sequence in both directions [3]_; one entry per layer where they differ.",
    ),
    "merge_mode": (
        '{"concat", "sum", "mul", "ave"}',
        "How the outputs of the two directions are combined.",
    ),
    "dropout": (
        "float in [0, 1)",
        "Share of the outputs of each recurrent layer dropped while training, others at every\n"
        "step. The raw input is never dropped. The rate is a value: a search over rates compiles\n"
        "nothing new.",
    ),
    "variational_dropout": (
        "float in [0, 1)",
        "The same with one mask for all steps of a sequence [4]_. Zero leaves the mask out of the\n"
        "compiled program.",
    ),
    "recurrent_dropout": (
        "float in [0, 1)",
        "Share of the recurrent state dropped while training, with one mask for all steps of a\n"
        "sequence [4]_. Zero leaves the mask out of the compiled program.",
    ),
    "dense_units": (
        "int or sequence of int",
        "Widths of dense layers between the recurrent part and the output.",
    ),
    "dense_activation": ("str or callable", "Activation of the dense layers, as Keras names it."),
    "activation": (
        "str or callable",
        "Activation of the recurrent layers. Others than the default use the time loop of Keras,\n"
        "which is slower.",
    ),
    "layer_params": (
        "dict",
        "Further keyword arguments of the recurrent Keras layers, such as `recurrent_activation`,\n"
        "`kernel_initializer`, `kernel_regularizer`, `use_bias` or `unit_forget_bias`.",
    ),
    "layout": (
        '{"time_major", "variable_major"}',
        'How `X` is arranged. 3-D: (sample, time, feature), or with "variable_major" (sample,\n'
        "feature, time) as in sktime. 2-D with several variables: all features of the first step\n"
        'first, or with "variable_major" all steps of the first feature first, as in the reducers\n'
        "of sktime.",
    ),
    "n_variables": (
        "int",
        "Number of features that the columns of a 2-D `X` hold at every step.",
    ),
    "input_scaler": (
        '{"standard", "minmax", "robust", "power", "window"}, transformer or None',
        "How inputs are scaled, per feature over all unmasked steps of the rows trained on; a\n"
        'transformer is cloned. "window" takes off each window\'s own mean and divides by its own\n'
        "standard deviation, which makes series with a trend learnable (with\n"
        "`return_sequences=True` these are of the whole sequence, later steps included).",
    ),
    "target_scaler": (
        '{"standard", "minmax", "robust", "power", "window"}, transformer or None',
        'How targets are scaled. "window" expresses a target relative to the mean and standard\n'
        "deviation of `target_feature` in the window it follows; `y` must then be in the units of\n"
        "that feature.",
    ),
    "target_feature": (
        "int",
        'For `target_scaler="window"`: number of the feature that holds the past of `y`. Not\n'
        "needed where there is one feature.",
    ),
    "seasonal_lag": (
        "int",
        'For `target_scaler="window"`: learn the difference from the value this many steps before\n'
        "the target, instead of that from the mean of the window; 1 is the change from the last\n"
        "value.",
    ),
    "decoder": (
        '{"autoregressive", "repeat", "parallel", "dense"}',
        'How the horizon is written. "autoregressive": step by step, each from the value before\n'
        '[5]_; "repeat": recurrent layers over the encoder\'s last output, repeated [2]_;\n'
        '"parallel": one step of the cell per segment of the horizon, all at once, from a learned\n'
        'position [6]_; "dense": one linear map of the encoder\'s last output.',
    ),
    "segment_length": (
        "int",
        "Steps that the encoder reads, and the parallel decoder writes, at once [6]_. Long\n"
        "windows become cheap: 336 steps in segments of 24 are 14 of the recurrent layer.",
    ),
    "attention": (
        "bool",
        "Let the last output of the recurrent layers look back at those of all steps (scaled dot\n"
        "products, M.-T. Luong, H. Pham and C. D. Manning, EMNLP 2015). With\n"
        "`return_sequences=True` every step looks at all others, or where no layer is\n"
        "bidirectional at those before it; a decoder looks at the outputs of the encoder.",
    ),
    "skip_connections": (
        "bool",
        "Add the input of a recurrent layer, from the second on, to its output where both are\n"
        "equally wide (as in K. He, X. Zhang, S. Ren and J. Sun, CVPR 2016).",
    ),
    "return_sequences": (
        "bool",
        "Learn and predict one target per step instead of one per sequence.",
    ),
    "embedding_dim": (
        "int",
        "Take `X` as integer tokens, one per step, and learn a vector of this length for each.\n"
        "Tokens that were not seen in `fit` share a vector of zeros. Tokens are not scaled. None\n"
        "means that `X` holds numbers.",
    ),
    "network": (
        "callable",
        "Function of the shape of a sequence, `(n_timesteps, n_features)`, and the number of\n"
        "outputs that builds a new `keras.Model` at each call, in place of the layers that the\n"
        "other parameters describe (these are not used then). The last layer has no activation.\n"
        "A second input of shape `(n_timesteps,)` and type bool, if there is one, gets the mask.\n"
        "For pickles and processes, define the function in a module.",
    ),
    "filters": (
        "int or sequence of int",
        "Output channels of the convolutional LSTM layer; one entry per layer stacks several.",
    ),
    "kernel_size": ("int or pair of int", "Height and width of the convolutions."),
    "pooling": (
        '{"flatten", "average", "max"}',
        "From the last frame of features to a vector: all values, or the mean or the largest of\n"
        "each channel.",
    ),
    "linear_skip": (
        "bool",
        "Add a linear map from the window to the horizon, so that the recurrent part only learns\n"
        "what is not linear.",
    ),
    "teacher_forcing": (
        "float in [0, 1]",
        "How often the autoregressive decoder, while training, goes on from the true value\n"
        "and not from its own [8]_. A value, like the dropout rates.",
    ),
    "loss": (
        "str, keras.losses.Loss or callable",
        "Loss, on scaled targets. A function takes targets and predictions and returns one value\n"
        "per row.",
    ),
    "quantiles": (
        "sequence of float in (0, 1)",
        "Learn these quantiles of the targets, and the median, with the pinball loss in place of\n"
        "`loss`; `predict` returns the median, `predict_quantiles` the others. They cannot cross.",
    ),
    "class_weight": (
        'dict or "balanced"',
        "Weight of each class in the loss, on top of `sample_weight`; classes that a dict leaves\n"
        'out have weight one. "balanced" weighs inversely to the frequency of classes.',
    ),
    "optimizer": (
        "str or keras.optimizers.Optimizer",
        "Optimizer; an object is copied, never changed.",
    ),
    "learning_rate": (
        "float",
        'Learning rate of the optimizer. None means 0.003 for "adam", which trains small data\n'
        "well in 100 epochs, and the optimizer's own rate for any other.",
    ),
    "lr_schedule": (
        '{"cosine", "plateau"}, keras schedule or callable',
        '"cosine" lets the rate fall to zero over all epochs, "plateau" halves it when the\n'
        "monitored loss has not improved for five epochs; a function takes the step and\n"
        "returns the rate.",
    ),
    "clipnorm": (
        "float",
        "Largest Euclidean norm of the gradient of each weight array, as in Keras.",
    ),
    "epochs": ("int", "Number of passes over the training rows, at most."),
    "batch_size": ("int", "Rows per optimizer step."),
    "shuffle": ("bool", "Shuffle the rows of each epoch."),
    "early_stopping": (
        "bool",
        "Stop when the validation loss no longer improves, and keep the best weights. Without\n"
        "`X_val`, the last rows are held out for it, of each class alike: time does not run\n"
        "backwards.",
    ),
    "validation_fraction": (
        "float in (0, 1)",
        "Share of the rows, the last ones, held out by `early_stopping`.",
    ),
    "n_iter_no_change": ("int", "Epochs without improvement that `early_stopping` waits."),
    "tol": ("float", "Change of the monitored loss that counts as an improvement."),
    "callbacks": (
        "keras.callbacks.Callback or list of them",
        "Called at the level of epochs, as copies. They may set the learning rate, stop training,\n"
        "and change the weights at its end.",
    ),
    "warm_start": (
        "bool",
        "Let `fit` go on from the weights, the scaling and the optimizer of the fit before.",
    ),
    "verbose": ("int", "Show a progress line with epoch, losses and time left."),
    "random_state": (
        "int, RandomState instance or None",
        "Seed of initial weights, dropout and shuffling. The same seed gives the same weights to\n"
        "the last bit on the same machine, in any process or thread.",
    ),
}

CLASSIFIER_PARAMETERS: Descriptions = {
    "loss": (
        "str, keras.losses.Loss or callable",
        'Loss; "crossentropy" is that of the classes. Any other gets one column per class (of two\n'
        "classes only that of the second), one or zero, and the probabilities.",
    ),
}

_ATTRIBUTES = """history_ : History
    Mapping from `"loss"`, `"val_loss"`, `"learning_rate"` and `"seconds"` to one value per
    epoch; `print` shows a table. Losses are those of scaled targets.
n_iter_ : int
    Number of epochs trained.
n_parameters_ : int
    Number of trained weights.
n_features_in_ : int
    Features of a 3-D `X`, columns of a 2-D one.
feature_names_in_ : ndarray of shape (`n_features_in_`,)
    Names of the columns, where `X` is a frame with string names.
model_ : keras.Model
    The network with its fitted weights, built of Keras' own layers when asked for. It takes
    scaled sequences (and their masks, where rows with masked steps were trained on) and returns
    scaled targets or probabilities.
"""

_REFERENCES = """.. [1] S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural
   Computation 9(8), 1997; with the forget gate of F. Gers, J. Schmidhuber and
   F. Cummins, "Learning to forget", Neural Computation 12(10), 2000.
.. [2] K. Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical
   machine translation", EMNLP 2014.
.. [3] M. Schuster and K. Paliwal, "Bidirectional recurrent neural networks", IEEE Transactions
   on Signal Processing 45(11), 1997.
.. [4] Y. Gal and Z. Ghahramani, "A theoretically grounded application of dropout in recurrent
   neural networks", NeurIPS 2016.
"""

_DECODER_REFERENCES = """.. [5] I. Sutskever, O. Vinyals and Q. V. Le, "Sequence to sequence
   learning with neural networks", NeurIPS 2014.
.. [6] S. Lin et al., "SegRNN: Segment recurrent neural network for long-term time series
   forecasting", arXiv 2308.11200, 2023.
.. [7] M.-T. Luong, H. Pham and C. D. Manning, "Effective approaches to attention-based neural
   machine translation", EMNLP 2015.
.. [8] S. Bengio, O. Vinyals, N. Jaitly and N. Shazeer, "Scheduled sampling for sequence
   prediction with recurrent neural networks", NeurIPS 2015.
"""


def with_shared_sections(cls: Class, own: Descriptions | None = None) -> Class:
    """Fill `{parameters}`, `{attributes}` and the references into the docstring of an estimator.

    Defaults are read off the class, so they cannot be wrong. Descriptions of its own go before
    those that are shared.
    """
    descriptions = {**_PARAMETERS, **(own or {})}
    parameters = inspect.signature(cls).parameters.values()
    sections = {
        "parameters": "".join(
            _describe(item.name, item.default, *descriptions[item.name]) for item in parameters
        ),
        "attributes": _ATTRIBUTES,
        "references": _REFERENCES,
        "decoder references": _DECODER_REFERENCES,
    }
    filled = cls.__doc__ or ""
    for name, text in sections.items():  # each stands alone on an indented line
        filled = filled.replace(f"    {{{name}}}\n", indent(text, "    "))
    cls.__doc__ = filled
    return cls


def _describe(name: str, default: object, kind: str, description: str) -> str:
    kind = kind if default is not None or kind.endswith("None") else f"{kind} or None"
    shown = f'"{default}"' if isinstance(default, str) else default
    return f"{name} : {kind}, default={shown}\n{indent(description, '    ')}\n"
