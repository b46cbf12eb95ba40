"""Start Chromium for tests of web pages. Without Chromium, a test is skipped; if the variable CI is set, it fails."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]


def program() -> str:
    """Return the path of Chromium; skip or fail the test if it is not installed."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        why = "no Chromium on this machine: apt install chromium"
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
    return found


@contextmanager
def launched() -> Iterator[Any]:
    """Yield a browser, as playwright's Browser."""
    path = program()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def with_profile(profile: Any, **settings: Any) -> Iterator[Any]:
    """Yield a browser that keeps its profile in the folder `profile`, as playwright's BrowserContext."""
    path = program()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(profile), executable_path=path, headless=True, args=FLAGS, **settings
        )
        try:
            yield context
        finally:
            context.close()
