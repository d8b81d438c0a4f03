"""What the libraries answer for a few series: run with numpy, scipy, statsmodels and pymannkendall, prints JSON."""

import json
import sys
import warnings
from importlib.metadata import version

import numpy as np
import pymannkendall
import statsmodels.api as sm
from scipy import stats

warnings.simplefilter("ignore")
random = np.random.default_rng(5)
found = []
for n, slope, phi, grain in (
    (12, 0.0, 0.0, 1), (30, 2.0, 0.0, 1), (60, 0.5, 0.8, 1), (60, 0.5, 0.9, 50), (100, -1.0, 0.6, 1), (120, 0.0, 0.95, 1),
    (120, 0.3, 0.3, 100), (240, 0.1, 0.7, 1),
):  # fmt: skip
    values, at = [], 0.0
    for i in range(n):
        at = phi * at + random.standard_normal() * 20
        values.append(round((1000 + slope * i + at) / grain) * grain)
    ys, ts = np.array(values, float), np.arange(n, dtype=float)
    kendall = pymannkendall.hamed_rao_modification_test(ys)
    fit = sm.OLS(ys, sm.add_constant(ts)).fit()
    found.append(
        {
            "values": values,
            "hamed_rao_z": float(kendall.z),
            "sen_slope": float(kendall.slope),
            "ols_p": float(stats.linregress(ts, ys).pvalue),
            "newey_west_t_7_lags": float(fit.get_robustcov_results("HAC", maxlags=7, use_correction=False).tvalues[1]),
        }
    )
used = {name: version(name) for name in ("numpy", "scipy", "statsmodels", "pymannkendall")}
student = {str(f): float(stats.t.ppf(0.975, f)) for f in (2, 3, 4, 8, 18, 58, 358)}
json.dump({"versions": used, "student_975": student, "series": found}, sys.stdout, indent=1)
