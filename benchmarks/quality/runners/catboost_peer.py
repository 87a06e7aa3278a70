"""CatBoost with its defaults; columns of text are its categories, a blank is one of them."""

import catboost
import frames


def work(data: frames.Split, seed: int):
    """Fit and predict."""
    x, x_test = data.x.copy(), data.x_test.copy()
    for name in data.texts:
        x[name], x_test[name] = (each[name].fillna("").astype(str) for each in (x, x_test))
    settings = {
        "thread_count": 1,
        "random_seed": seed,
        "verbose": False,
        "allow_writing_files": False,
        "cat_features": data.texts,
    }
    if data.classes:
        return catboost.CatBoostClassifier(**settings).fit(x, data.y).predict_proba(x_test)
    return catboost.CatBoostRegressor(**settings).fit(x, data.y).predict(x_test)


frames.serve("catboost", lambda data, seed: {"CatBoost": frames.measured(lambda: work(data, seed))})
