"""Golden values of the linear learners, from other programs. Writes linear.json beside this file.

    pip install numpy scipy statsmodels scikit-learn
    python tests/golden/linear.py

Quantile regression: statsmodels QuantReg, and the exact linear program by HiGHS (scipy), whose vertex solution is what
an interior-point method has to reach. Elastic net (of a standardised target too) and logistic regression: scikit-learn on
standardised columns, with coefficients taken back to their own scale. Isotonic regression: scikit-learn.
"""

import json
import pathlib

import numpy as np
import scipy
import sklearn
import statsmodels
from scipy.optimize import linprog
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import ElasticNet, LogisticRegression
from statsmodels.regression.quantile_regression import QuantReg

rng = np.random.default_rng(20211031)
n, p = 150, 4
x = np.round(rng.normal(size=(n, p)) * [1.0, 10.0, 0.1, 3.0] + [0.0, 50.0, -2.0, 1.0], 3)
z = (x - x.mean(0)) / x.std(0)
noise = rng.standard_t(3, size=n) * (1.0 + 0.8 * np.abs(z[:, 0]))
y = np.round(5.0 + z @ [2.0, -1.0, 0.0, 0.5] + noise, 3)
# the minority class is `true`, which is where linfa's convention turns signs
event = rng.uniform(size=n) < 1.0 / (1.0 + np.exp(-(-1.2 + z @ [1.0, 0.0, -0.7, 0.3])))


def exact_quantile(level):
    design = np.c_[np.ones(n), x]
    k = design.shape[1]
    cost = np.r_[np.zeros(k), np.full(n, level), np.full(n, 1 - level)]
    equal = np.c_[design, np.eye(n), -np.eye(n)]
    bounds = [(None, None)] * k + [(0, None)] * (2 * n)
    found = linprog(cost, A_eq=equal, b_eq=y, bounds=bounds, method="highs-ds")
    assert found.status == 0
    return found.x[:k].tolist(), found.fun / n


def on_own_scale(coefficients, intercept):
    own = coefficients / x.std(0)
    return {"coefficients": own.tolist(), "intercept": float(intercept - own @ x.mean(0))}


quantiles = []
for level in (0.1, 0.5, 0.9):
    coefficients, loss = exact_quantile(level)
    by_statsmodels = QuantReg(y, np.c_[np.ones(n), x]).fit(q=level, max_iter=5000, p_tol=1e-10).params
    assert np.allclose(by_statsmodels, coefficients, atol=2e-3), (level, by_statsmodels, coefficients)
    quantiles.append({"level": level, "coefficients": coefficients[1:], "intercept": coefficients[0], "loss": loss,
                      "statsmodels": by_statsmodels.tolist()})

net = ElasticNet(alpha=0.1, l1_ratio=0.6, tol=1e-12, max_iter=100000).fit(z, (y - y.mean()) / y.std())
# scikit-learn's C multiplies the sum of losses, linfa's alpha the squared coefficients: alpha = 1 / C
logit = LogisticRegression(C=1 / 2.5, tol=1e-12, max_iter=100000).fit(z, event)

ties_x = np.array([5.0, 1.0, 3.0, 1.0, 2.0, 4.0, 3.0])
ties_y = np.array([6.0, 2.0, 1.0, 0.0, 4.0, 5.0, 3.0])
at = np.array([0.0, 1.0, 1.5, 2.0, 3.0, 3.5, 4.0, 5.0, 9.0])
isotonic = IsotonicRegression(out_of_bounds="clip").fit(ties_x, ties_y)

golden = {
    "made_by": {"numpy": np.__version__, "scipy": scipy.__version__, "statsmodels": statsmodels.__version__,
                "scikit-learn": sklearn.__version__},
    "x": x.tolist(),
    "y": y.tolist(),
    "event": event.tolist(),
    "quantiles": quantiles,
    "elastic_net": {"penalty": 0.1, "l1_ratio": 0.6, **on_own_scale(net.coef_ * y.std(), y.mean())},
    "logistic": {"alpha": 2.5, **on_own_scale(logit.coef_[0], logit.intercept_[0])},
    "isotonic": {"x": ties_x.tolist(), "y": ties_y.tolist(), "at": at.tolist(),
                 "value": isotonic.predict(at).tolist()},
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden, indent=None) + "\n")
