"""Imported by the process that the workers are forked from, and by nobody else: what each would import by itself.

Imported there it is in memory once, and at hand.
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

# What lives now lives as long as the workers: without this the first collection of each would copy all of it.
gc.collect()
gc.freeze()
