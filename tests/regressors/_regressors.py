"""Small regressors."""

from skrnn import LSTMRegressor

N_ROWS, N_STEPS = 48, 6
SMALL = {"units": 4, "epochs": 3, "batch_size": 16, "random_state": 0}


def make(regressor=LSTMRegressor, **params):
    return regressor(**{**SMALL, **params})
