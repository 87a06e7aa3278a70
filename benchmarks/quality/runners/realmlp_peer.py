"""RealMLP-TD-S of pytabkit with its defaults, one network; blank numbers become the median."""

import frames
from pytabkit import RealMLP_TD_S_Classifier, RealMLP_TD_S_Regressor


def work(data: frames.Split, seed: int):
    """Fit and predict."""
    x, x_test = data.x.copy(), data.x_test.copy()
    for name in data.numbers:
        median = x[name].median()
        x[name], x_test[name] = (each[name].fillna(median).astype(float) for each in (x, x_test))
    for name in data.texts:
        x[name], x_test[name] = (each[name].fillna("").astype(str) for each in (x, x_test))
    settings = {"device": "cpu", "n_threads": 1, "random_state": seed}
    if data.classes:
        model = RealMLP_TD_S_Classifier(**settings).fit(x, data.y, cat_col_names=data.texts)
        return model.predict_proba(x_test)
    model = RealMLP_TD_S_Regressor(**settings).fit(x, data.y, cat_col_names=data.texts)
    return model.predict(x_test).ravel()


frames.serve("pytabkit", lambda data, seed: {"RealMLP-TD-S": frames.measured(lambda: work(data, seed))})
