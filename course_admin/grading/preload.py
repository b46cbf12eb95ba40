"""Imported only by the process that the workers are forked from: what each worker would import itself.

So it is in memory once, and a worker starts at once.
"""

import gc
import importlib

from course_admin import skip_slow_jsonschema_import

skip_slow_jsonschema_import()
for name in (
    *("nbgrader.converters", "course_admin.grading.tasks"),
    # What most exams compare with.
    *("scipy.special", "sklearn.decomposition", "sklearn.metrics"),
):
    importlib.import_module(name)

# These objects live as long as the workers: without this, each worker's first garbage collection would copy them.
gc.collect()
gc.freeze()
