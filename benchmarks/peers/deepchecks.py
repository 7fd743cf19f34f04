"""Deepchecks' checks of one evaluation of predictions.npz, as one HTML file. Arguments: the predictions, the page."""

import sys
import warnings

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from deepchecks.tabular import Dataset, Suite  # noqa: E402
from deepchecks.tabular.checks import (  # noqa: E402
    CalibrationScore,
    ConfusionMatrixReport,
    RocReport,
    SingleDatasetPerformance,
)

predictions, page = sys.argv[1:]
with np.load(predictions) as arrays:
    label, probabilities = arrays["label"], arrays["probabilities"]
# It wants a feature: the number of the sample.
data = Dataset(
    pd.DataFrame({"sample": np.arange(len(label)), "label": label}), label="label", features=["sample"], cat_features=[]
)
suite = Suite("evaluation", SingleDatasetPerformance(), ConfusionMatrixReport(), RocReport(), CalibrationScore())
classes = list(range(probabilities.shape[1]))
found = suite.run(
    data, y_pred_train=probabilities.argmax(axis=1), y_proba_train=probabilities, model_classes=classes, with_display=True
)
found.save_as_html(page, as_widget=False, requirejs=False)
if found.get_not_ran_checks():
    sys.exit(f"did not run: {found.get_not_ran_checks()}")
