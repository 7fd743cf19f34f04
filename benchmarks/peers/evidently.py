"""Evidently's classification report of predictions.npz, as one HTML file. Arguments: the predictions, the page."""

import sys

import numpy as np
import pandas as pd
from evidently import DataDefinition, Dataset, MulticlassClassification, Report
from evidently.presets import ClassificationPreset

predictions, page = sys.argv[1:]
with np.load(predictions) as arrays:
    label, probabilities = arrays["label"], arrays["probabilities"]
classes = np.array([f"class {i}" for i in range(probabilities.shape[1])])
frame = pd.DataFrame(probabilities, columns=classes)
frame["target"], frame["prediction"] = classes[label], classes[probabilities.argmax(axis=1)]
columns = MulticlassClassification(target="target", prediction_labels="prediction", prediction_probas=list(classes))
data = Dataset.from_pandas(frame, data_definition=DataDefinition(classification=[columns]))
Report([ClassificationPreset()]).run(data, None).save_html(page)
