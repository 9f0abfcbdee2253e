"""Golden values of crossed random effects, from statsmodels. Writes crossed.json beside this file.

    pip install numpy statsmodels
    python tests/golden/crossed.py

40 accounts, each judged by three or four of eight raters; MixedLM by REML with accounts and raters as two variance
components of one group.
"""

import json
import pathlib

import numpy as np
import statsmodels
from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

rng = np.random.default_rng(20221031)
accounts, raters = 40, 8
quality, kindness = rng.normal(0, 1.5, accounts), rng.normal(0, 0.9, raters)
row, column, answer = [], [], []
for i in range(accounts):
    for j in rng.choice(raters, size=3 + i % 2, replace=False):
        row.append(i)
        column.append(int(j))
        answer.append(float(np.clip(np.round(6 + quality[i] + kindness[j] + rng.normal(0, 1.2)), 0, 10)))

y = np.array(answer)
indicator = lambda index, count: (np.arange(count) == np.array(index)[:, None]).astype(float)
components = VCSpec(["account", "rater"],
                    [[[str(k) for k in range(count)]] for count in (accounts, raters)],
                    [[indicator(row, accounts)], [indicator(column, raters)]])
fit = MixedLM(y, np.ones((len(y), 1)), np.zeros(len(y)), exog_vc=components).fit(reml=True, method=["powell", "lbfgs"])
effects = fit.random_effects[0.0]
golden = {
    "made_by": f"statsmodels {statsmodels.__version__}",
    "row": row, "column": column, "answer": answer,
    "mean": float(fit.fe_params[0]),
    "variances": {"row": float(fit.vcomp[0]), "column": float(fit.vcomp[1]), "error": float(fit.scale)},
    "score": [float(fit.fe_params[0] + effects[f"account[{i}]"]) for i in range(accounts)],
    "column_effect": [float(effects[f"rater[{j}]"]) for j in range(raters)],
}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden, indent=1) + "\n")
