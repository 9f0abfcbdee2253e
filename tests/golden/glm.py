"""Golden values of generalised linear models, from other programs. Writes glm.json beside this file.

    pip install numpy statsmodels scikit-learn
    python tests/golden/glm.py

Maximum likelihood: statsmodels GLM. Ridge: scikit-learn's regressors on standardised columns. Lasso: statsmodels'
fit_regularized (Poisson). Targets are divided by their mean first, as ours does, since a penalty depends on their unit
for all but the Poisson and gamma families; coefficients are given on the columns' own scale.
"""

import json
import pathlib

import numpy as np
import sklearn
import statsmodels
import statsmodels.api as sm
from sklearn.linear_model import TweedieRegressor

rng = np.random.default_rng(97)
n, p = 200, 3
x = np.round(rng.normal(size=(n, p)) * [1.0, 20.0, 0.05] + [0.0, 100.0, 1.0], 3)
z = (x - x.mean(0)) / x.std(0)
mean = np.exp(0.7 + z @ [0.5, -0.3, 0.0])
targets = {
    "poisson": rng.poisson(mean).astype(float),
    "gamma": np.round(rng.gamma(2.0, mean / 2.0), 4) + 0.001,
    "tweedie": np.round(np.array([rng.gamma(1.0, m, k).sum() if k else 0.0
                                  for m, k in zip(mean, rng.poisson(1.2, n))]), 4),
}
families = {
    "poisson": sm.families.Poisson(),
    "gamma": sm.families.Gamma(sm.families.links.Log()),
    "tweedie": sm.families.Tweedie(sm.families.links.Log(), var_power=1.5),
}
powers = {"poisson": 1.0, "gamma": 2.0, "tweedie": 1.5}


def own_scale(coefficients, intercept, unit):
    own = np.asarray(coefficients) / x.std(0)
    return {"coefficients": own.tolist(), "intercept": float(intercept - own @ x.mean(0) + np.log(unit))}


fits = []
design = np.c_[np.ones(n), z]
for name, y in targets.items():
    unit = y.mean()
    ml = sm.GLM(y / unit, design, family=families[name]).fit(tol=1e-14, maxiter=200).params
    fits.append({"family": name, "penalty": 0.0, "l1_ratio": 0.0, **own_scale(ml[1:], ml[0], unit)})
    ridge = TweedieRegressor(power=powers[name], link="log", alpha=0.2, tol=1e-12, max_iter=100000, solver="newton-cholesky")
    ridge.fit(z, y / unit)
    fits.append({"family": name, "penalty": 0.2, "l1_ratio": 0.0, **own_scale(ridge.coef_, ridge.intercept_, unit)})
y = targets["poisson"]
lasso = sm.GLM(y / y.mean(), design, family=families["poisson"]).fit_regularized(
    alpha=np.array([0.0, 0.1, 0.1, 0.1]), L1_wt=0.75, maxiter=2000, cnvrg_tol=1e-13, zero_tol=1e-12).params
fits.append({"family": "poisson", "penalty": 0.1, "l1_ratio": 0.75, **own_scale(lasso[1:], lasso[0], y.mean())})

golden = {
    "made_by": {"numpy": np.__version__, "statsmodels": statsmodels.__version__, "scikit-learn": sklearn.__version__},
    "x": x.tolist(),
    "targets": {name: y.tolist() for name, y in targets.items()},
    "fits": fits,
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden) + "\n")
