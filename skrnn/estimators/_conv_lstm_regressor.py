"""Regression from sequences of frames."""

from __future__ import annotations

from ..scaling._windows import make_target_scaler
from ._frames import FramesMixin
from ._regressor import Regressor


class ConvLSTMRegressor(FramesMixin, Regressor):
    """Convolutional LSTM network for regression from sequences of frames.

    Gates and states of a convolutional LSTM are frames, and convolutions take the place of matrix
    products, so that the network learns how patterns move (X. Shi et al., "Convolutional LSTM
    network: a machine learning approach for precipitation nowcasting", NeurIPS 2015). The last
    frame of features goes through dense layers, if any, to one linear output per target.

    `X` has the shape (n_samples, n_timesteps, height, width), or one axis more for channels. With
    three dimensions a frame is a line of pixels, with two a single one.

    Parameters
    ----------
    filters : int or sequence of int, default=16
        Output channels of the convolutional LSTM layer; one entry per layer stacks several.
    kernel_size : int or pair of int, default=3
        Height and width of the convolutions.
    pooling : {"flatten", "average", "max"}, default="flatten"
        From the last frame of features to a vector: all values, or the mean or the largest of
        each channel.
    dropout : float in [0, 1), default=0.0
        Share of the outputs of each recurrent layer dropped while training, others at every
        step. The raw input is never dropped. The rate is a value: a search over rates compiles
        nothing new.
    dense_units : int or sequence of int, default=()
        Widths of dense layers between the recurrent part and the output.
    dense_activation : str or callable, default="relu"
        Activation of the dense layers, as Keras names it.
    activation : str or callable, default="tanh"
        Activation of the recurrent layers. Others than the default use the time loop of Keras,
        which is slower.
    layer_params : dict or None, default=None
        Further keyword arguments of the recurrent Keras layers, such as `recurrent_activation`,
        `kernel_initializer`, `kernel_regularizer`, `use_bias` or `unit_forget_bias`.
    return_sequences : bool, default=False
        Learn and predict one target per step instead of one per sequence.
    input_scaler : str, transformer or None, default="standard"
        How inputs are scaled: "standard", "minmax", "robust" or "power", per feature over all
        unmasked steps of the rows trained on, as the scalers of scikit-learn do; a transformer,
        which is cloned; or "window", each window by its own mean and standard deviation, which
        makes series with a trend learnable (with `return_sequences=True` these are of the whole
        sequence, later steps included); "level", by its own mean and the typical deviation of
        windows; "log", the same on logarithms of what is positive.
    target_scaler : str, transformer or None, default="standard"
        How targets are scaled: "standard", "minmax", "robust" or "power", as the scalers of
        scikit-learn do, or a transformer, which is cloned.
    loss : str, keras.losses.Loss or callable, default="mse"
        Loss, on scaled targets, by any name that Keras has for it. A function takes targets and
        predictions and returns one value per row; it is compiled, and uses `keras.ops`.
    quantiles : sequence of float in (0, 1) or None, default=None
        Learn these quantiles of the targets, and the median, with the pinball loss in place of
        `loss`; `predict` returns the median, `predict_quantiles` the others. They cannot cross.
    optimizer : str or keras.optimizers.Optimizer, default="adam"
        Optimizer, by its name in any case or as an object, which is copied, never changed.
    learning_rate : float or None, default=None
        Learning rate of the optimizer. None means 0.003 for "adam", which trains small data
        well in 100 epochs, and the optimizer's own rate for any other.
    lr_schedule : {"cosine", "plateau"}, keras schedule or callable or None, default=None
        "cosine" lets the rate fall to zero over all epochs, "plateau" halves it when the
        monitored loss has not improved for five epochs; a function takes the step and
        returns the rate.
    clipnorm : float or None, default=None
        Largest Euclidean norm of the gradient of each weight array, as in Keras.
    epochs : int, default=100
        Number of passes over the training rows, at most.
    batch_size : int, default=32
        Rows per optimizer step; all of them where there are fewer.
    shuffle : bool, default=True
        Shuffle the rows of each epoch.
    early_stopping : bool, default=False
        Stop when what `monitor` names no longer improves, and keep the best weights. Without
        `X_val`, the last rows are held out, of each class alike: rows are often in order of
        time, and the past should be validated on what comes later.
    validation_fraction : float in (0, 1) or splitter, default=0.1
        Share of the rows, the last ones, held out by `early_stopping`; where `fit` gets `groups`,
        the whole groups that come last, with about as many rows. Or a splitter of scikit-learn,
        such as `TimeSeriesSplit(5, gap=3)` or `GroupShuffleSplit(1, test_size=0.2)`, whose last
        split says which rows are trained on and, with or without `early_stopping`, validated on;
        the others are left out. `X_val` takes the place of either.
    n_iter_no_change : int, default=10
        Epochs without improvement that `early_stopping` waits.
    tol : float, default=1e-4
        Change of what is monitored that counts as an improvement.
    metrics : str, keras.metrics.Metric, scorer, list or dict of them or None, default=None
        What is measured after each epoch and kept in `history_`: metrics of Keras, or scorers of
        scikit-learn, by name (Keras comes first) or as objects, as in `["recall", "f1"]`; a dict
        gives them other names. They see the weights that the epoch ends with, and rows without
        weights: those trained on and, as `val_...`, those to validate on, all of which every
        epoch then predicts. Metrics of Keras get targets and predictions in the units of `y`, or
        zeros and ones and probabilities.
    monitor : str, default="val_loss"
        Column of `history_` that `early_stopping` and the plateau schedule look at, such as
        `"val_recall"`. Without rows to validate on, the same of the rows trained on is taken.
    callbacks : keras.callbacks.Callback or list of them or None, default=None
        Called as `keras.Model.fit` calls them. They may set the learning rate, stop training and
        change the weights at its end; what they add to `logs` becomes a column of `history_`.
        Where one has hooks of batches, batches are run one at a time, which is slower. Those given
        are called, so that what they gather can be read; a clone has copies, as searches do.
    warm_start : bool, default=False
        Let `fit` go on from the weights, the scaling and the optimizer of the fit before.
    verbose : int, default=0
        Show a progress line with epoch, losses and time left, which is known from the second epoch
        on. Processes that fit side by side write a line for each fit when it has ended.
    random_state : int, RandomState instance or None, default=None
        Seed of initial weights, dropout and shuffling. The same seed gives the same weights to
        the last bit on the same machine, in any process or thread.

    Attributes
    ----------
    history_ : History
        Dict from `"loss"`, `"val_loss"`, the names of `metrics`, `"learning_rate"` and `"seconds"`
        to one value per epoch; `print` shows a table, and `best_epoch` is the epoch whose weights
        early stopping kept. Losses are those of scaled targets.
    n_iter_ : int
        Number of epochs trained.
    n_parameters_ : int
        Number of trained weights.
    n_features_in_ : int
        Features of a 3-D `X`, columns of a 2-D one.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where `X` is a frame with string names.
    input_encoder_ : InputEncoder
        Scaler of the inputs, with the shape of a sequence.
    target_encoder_ : NumberTargets, LabelTargets or MultilabelTargets
        Scaler of the targets, or the classes, and what is known of the shape of `y`.
    network_ : FittedNetwork
        Spec and weights of the network as plain data, and all that it can be asked.
    model_ : keras.Model
        The network with its fitted weights, built of Keras' own layers when asked for. It takes
        scaled sequences (and their masks, where rows with masked steps were trained on) and returns
        scaled targets or probabilities.
    input_scaler_ : scaler
        That of `input_encoder_`, with `transform` and, but for tokens, `inverse_transform` of
        sequences.
    target_scaler_ : scaler
        That of `target_encoder_`, with `transform` and `inverse_transform` of targets.

    See Also
    --------
    ConvLSTMClassifier : The same for classes.

    References
    ----------
    .. [1] S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural
       Computation 9(8), 1997; with the forget gate of F. Gers, J. Schmidhuber and
       F. Cummins, "Learning to forget", Neural Computation 12(10), 2000.
    .. [2] K. Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical
       machine translation", EMNLP 2014.
    .. [3] M. Schuster and K. Paliwal, "Bidirectional recurrent neural networks", IEEE Transactions
       on Signal Processing 45(11), 1997.
    .. [4] Y. Gal and Z. Ghahramani, "A theoretically grounded application of dropout in recurrent
       neural networks", NeurIPS 2016.

    Examples
    --------
    Where will a dot be that moves one pixel to the right at every step?

    >>> import numpy as np
    >>> from skrnn import ConvLSTMRegressor
    >>> start = np.arange(40) % 4
    >>> X = np.zeros((40, 3, 5, 8))  # 40 samples of three frames of 5 x 8 pixels
    >>> for step in range(3):
    ...     X[np.arange(40), step, 2, start + step] = 1.0
    >>> model = ConvLSTMRegressor(4, epochs=60, random_state=0).fit(X, start + 3)
    >>> bool(np.abs(model.predict(X) - (start + 3)).max() < 0.5)
    True
    """

    def __init__(
        self,
        filters=16,
        *,
        kernel_size=3,
        pooling="flatten",
        dropout=0.0,
        dense_units=(),
        dense_activation="relu",
        activation="tanh",
        layer_params=None,
        return_sequences=False,
        input_scaler="standard",
        target_scaler="standard",
        loss="mse",
        quantiles=None,
        optimizer="adam",
        learning_rate=None,
        lr_schedule=None,
        clipnorm=None,
        epochs=100,
        batch_size=32,
        shuffle=True,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        tol=1e-4,
        metrics=None,
        monitor="val_loss",
        callbacks=None,
        warm_start=False,
        verbose=0,
        random_state=None,
    ):
        self.filters = filters
        self.kernel_size = kernel_size
        self.pooling = pooling
        self.dropout = dropout
        self.dense_units = dense_units
        self.dense_activation = dense_activation
        self.activation = activation
        self.layer_params = layer_params
        self.return_sequences = return_sequences
        self.input_scaler = input_scaler
        self.target_scaler = target_scaler
        self.loss = loss
        self.quantiles = quantiles
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.lr_schedule = lr_schedule
        self.clipnorm = clipnorm
        self.epochs = epochs
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.metrics = metrics
        self.monitor = monitor
        self.callbacks = callbacks
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    def _scale_targets(self, targets, rows, shape):
        """Return the same with a scaler: no target stands in the units of a frame."""
        return targets.scaled(make_target_scaler(self.target_scaler, 0, None), rows)
