"""Regression with bidirectional LSTM networks."""

from __future__ import annotations

from ._attention_weights import AttentionMixin
from ._regressor import Regressor


class BiLSTMRegressor(AttentionMixin, Regressor):
    """Bidirectional LSTM network for regression.

    Two LSTM layers [1]_ read a sequence from both ends [3]_ and their outputs are merged; apart
    from that it is `LSTMRegressor`.

    Parameters
    ----------
    units : int or sequence of int, default=32
        Width of the recurrent layer; one entry per layer stacks several, first layer first, as
        in `(128, 64, 32)`.
    bidirectional : bool or sequence of bool, default=True
        Read the sequence in both directions [3]_; one entry per layer where they differ.
    merge_mode : {"concat", "sum", "mul", "ave"}, default="concat"
        How the outputs of the two directions are combined.
    dropout : float in [0, 1), default=0.0
        Share of the outputs of each recurrent layer dropped while training, others at every
        step. The raw input is never dropped. The rate is a value: a search over rates compiles
        nothing new.
    variational_dropout : float in [0, 1), default=0.0
        The same with one mask for all steps of a sequence [4]_. Zero leaves the mask out of the
        compiled program.
    recurrent_dropout : float in [0, 1), default=0.0
        Share of the recurrent state dropped while training, with one mask for all steps of a
        sequence [4]_. Zero leaves the mask out of the compiled program.
    attention : bool, default=False
        Let the last output of the recurrent layers look back at those of all steps (scaled dot
        products, M.-T. Luong, H. Pham and C. D. Manning, EMNLP 2015). With
        `return_sequences=True` every step looks at all others, or where no layer is
        bidirectional at those before it; a decoder looks at the outputs of the encoder.
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
    skip_connections : bool, default=False
        Add the input of a recurrent layer, from the second on, to its output where both are
        equally wide (as in K. He, X. Zhang, S. Ren and J. Sun, CVPR 2016).
    pooling : {"last", "mean", "max", "flatten"}, default="last"
        From the outputs of the last recurrent layer to one vector: that of the last step, the
        mean or the largest over all steps, or those of all steps side by side. Masked steps do
        not count; side by side they are zero.
    return_sequences : bool, default=False
        Learn and predict one target per step instead of one per sequence.
    embedding_dim : int or None, default=None
        Take `X` as integer tokens, one per step, and learn a vector of this length for each.
        Tokens that were not seen in `fit` share a vector of zeros. Tokens are not scaled. None
        means that `X` holds numbers.
    linear_skip : bool, default=False
        Add a linear map from the sequence straight to the outputs (where every step has a target,
        from each step to its own), so that the recurrent part only learns what is not linear.
        Training starts from the ridge regression that generalised cross-validation chooses.
    layout : {"channels_last", "channels_first", "newest_first"}, default="channels_last"
        How `X` is arranged. 3-D: (sample, time, feature), or with "channels_first" (sample,
        feature, time) as in sktime. 2-D with several variables: all features of the first step
        first, or with "channels_first" all steps of the first feature first, as in the reducers
        of sktime. "newest_first" is "channels_last" with the steps the other way round, for
        columns `lag_1`, `lag_2`, ...
    n_variables : int, default=1
        Number of features that the columns of a 2-D `X` hold at every step.
    input_scaler : str, transformer or None, default="standard"
        How inputs are scaled: "standard", "minmax", "robust" or "power", per feature over all
        unmasked steps of the rows trained on, as the scalers of scikit-learn do; a transformer,
        which is cloned; or "window", each window by its own mean and standard deviation, which
        makes series with a trend learnable (with `return_sequences=True` these are of the whole
        sequence, later steps included); "level", by its own mean and the typical deviation of
        windows; "log", the same on logarithms of what is positive.
    target_scaler : str, transformer or None, default="standard"
        How targets are scaled: "standard", "minmax", "robust" or "power", as the scalers of
        scikit-learn do; a transformer, which is cloned; or "window", relative to the mean and
        standard deviation of `target_feature` in the window that they follow; `y` must then be
        in the units of that feature; or so with "level" and "log", as inputs are.
    target_feature : int or None, default=None
        For targets relative to their window ("window", "level" or "log"): number of the feature
        that holds the past of `y`. Not needed where there is one feature.
    seasonal_lag : int or None, default=None
        For targets relative to their window: learn the difference from the value this many steps
        before the target, instead of that from the mean of the window; 1 is the change from the
        last value. On logarithms ("log") it is the growth.
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
    LSTMRegressor : The same in one direction.
    RecurrentRegressor : The same, with the cell as a parameter.

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
    >>> import numpy as np
    >>> from skrnn import BiLSTMRegressor
    >>> X = np.random.default_rng(0).normal(size=(100, 6, 2))
    >>> y = X[:, 0, 0] + X[:, -1, 1]  # the first and the last step count
    >>> model = BiLSTMRegressor(8, epochs=60, random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.8)
    True
    """

    def __init__(
        self,
        units=32,
        *,
        bidirectional=True,
        merge_mode="concat",
        dropout=0.0,
        variational_dropout=0.0,
        recurrent_dropout=0.0,
        attention=False,
        dense_units=(),
        dense_activation="relu",
        activation="tanh",
        layer_params=None,
        skip_connections=False,
        pooling="last",
        return_sequences=False,
        embedding_dim=None,
        linear_skip=False,
        layout="channels_last",
        n_variables=1,
        input_scaler="standard",
        target_scaler="standard",
        target_feature=None,
        seasonal_lag=None,
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
        self.units = units
        self.bidirectional = bidirectional
        self.merge_mode = merge_mode
        self.dropout = dropout
        self.variational_dropout = variational_dropout
        self.recurrent_dropout = recurrent_dropout
        self.attention = attention
        self.dense_units = dense_units
        self.dense_activation = dense_activation
        self.activation = activation
        self.layer_params = layer_params
        self.skip_connections = skip_connections
        self.pooling = pooling
        self.return_sequences = return_sequences
        self.embedding_dim = embedding_dim
        self.linear_skip = linear_skip
        self.layout = layout
        self.n_variables = n_variables
        self.input_scaler = input_scaler
        self.target_scaler = target_scaler
        self.target_feature = target_feature
        self.seasonal_lag = seasonal_lag
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
