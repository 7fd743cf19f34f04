"""Write the schemas anew: `python -m dermai_report.schemas`."""

from dermai_report.files import write_atomically
from dermai_report.schemas import FOLDER, as_text, generated

for name, schema in generated().items():
    write_atomically(FOLDER / name, as_text(schema))
    print(FOLDER / name)
