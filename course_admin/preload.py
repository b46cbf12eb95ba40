"""Imported by the process that the workers are forked from, and by nobody else: what each would import by itself.

Imported there it is in memory once, and at hand.
"""

import gc

import nbgrader.converters  # noqa: F401
import scipy.special  # noqa: F401 - what most exams compare with, as the next two
import sklearn.decomposition
import sklearn.metrics  # noqa: F401

import course_admin.worker  # noqa: F401

# What lives now lives as long as the workers: without this the first collection of each would copy all of it.
gc.collect()
gc.freeze()
