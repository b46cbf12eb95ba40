"""One browser for the tests of a file, and a page of its own for each test."""

import re

import pytest
from chromium import with_profile
from jupyter_lab import PATIENCE, new_page


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with with_profile(tmp_path_factory.mktemp("profile"), viewport={"width": 1280, "height": 800}) as context:
        context.set_default_timeout(PATIENCE / 2)
        yield context


@pytest.fixture
def page(browser, request):
    with new_page(browser, re.sub(r"\W+", "-", request.node.name)) as made:
        yield made
