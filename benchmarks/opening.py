"""What a student waits for before the first cell: an open lab, the imports.

    python benchmarks/opening.py                (three times each; needs Chromium)

open lab   from the start of the process that `make lab` starts to the cells of lab 01 in Chromium, which is open
           already; and until the kernel is ready
imports    what an import takes beyond torch's own, in a new Python each time

Times are of the clock on the wall; the smallest counts, because other programs only add to it. Results: a table, and
results/opening.json.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

REPO = Path(__file__).resolve().parent.parent
RESULTS = REPO / "benchmarks" / "results" / "opening.json"
LAB = "01_pca_vs_ae"
TIMES = 3
IMPORTS = {
    "course_utils": "import course_utils",
    "course_utils.data, plotting, training": "from course_utils import data, plotting, training",
    "the checks of lab 01 (with scikit-learn)": "from course_utils.checks import pca_vs_ae",
}


def main():
    found = {"open lab": open_lab(), "imports": {name: imported(line) for name, line in IMPORTS.items()}}
    found["load at the end"] = round(os.getloadavg()[0], 1)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    for part in ("open lab", "imports"):
        for name, seconds in found[part].items():
            print(f"{part:<10}{name:<45}{seconds:8.2f} s")


def open_lab():
    """What is seen -> the smallest number of seconds since the start of the server."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    runs = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(TIMES):
            with tempfile.TemporaryDirectory() as folder:
                runs.append(one_opening(browser.new_page(), Path(folder)))
        browser.close()
    return {name: min(run[name] for run in runs) for name in runs[0]}


def one_opening(page, folder):
    shutil.copytree(REPO / "release", folder / "release")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--IdentityProvider.token="]
    command += [f"--notebook-dir={folder / 'release'}", f"--port={port}", "--ServerApp.port_retries=0"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    environment.update(HOME=str(folder), JUPYTER_RUNTIME_DIR=str(folder / "runtime"))
    seen, begun = {}, time.monotonic()
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        answered = False
        while not answered:
            with socket.socket() as request:
                answered = request.connect_ex(("127.0.0.1", port)) == 0
            time.sleep(0.02)
        seen["the server answers"] = round(time.monotonic() - begun, 2)
        page.set_default_timeout(120_000)
        page.goto(f"http://127.0.0.1:{port}/lab/tree/{LAB}/{LAB}.ipynb")
        page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
        seen["the lab's cells are visible"] = round(time.monotonic() - begun, 2)
        page.locator("#jp-main-statusbar").get_by_text(re.compile(r"\| Idle$")).wait_for()
        seen["the kernel is ready"] = round(time.monotonic() - begun, 2)
    finally:
        page.close()
        server.terminate()
        server.wait()
    return seen


def imported(line):
    """The smallest number of seconds that the line takes where torch is imported already."""
    code = f"import time, torch; begun = time.perf_counter(); {line}; print(time.perf_counter() - begun)"
    return min(
        round(float(subprocess.check_output([sys.executable, "-c", code], cwd=REPO)), 3) for _ in range(2 * TIMES)
    )


if __name__ == "__main__":
    main()
