"""Import the modules of the workers. Only the process that the workers are forked from imports this module.

So the modules are in memory only once, and a worker starts immediately.
"""

import gc
import importlib

from course_admin import skip_slow_jsonschema_import

skip_slow_jsonschema_import()
for name in (
    *("nbgrader.converters", "course_admin.grading.tasks"),
    # Most exams use these as reference implementations.
    *("scipy.special", "sklearn.decomposition", "sklearn.metrics"),
):
    importlib.import_module(name)

# These objects live as long as the workers. Without freeze, each worker's first garbage collection would copy them.
gc.collect()
gc.freeze()
