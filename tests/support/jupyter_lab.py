"""Test JupyterLab as users see it: start a server, and open a notebook in a browser.

The server ignores the Jupyter settings of this machine. No test waits for a fixed time: each waits for an event.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHOTS = Path(os.environ.get("COURSE_SCREENSHOTS") or ROOT / "out" / "screenshots")
# All cells are in the page, even outside the visible area. No news, no update checks, no notifications.
LAB_SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
}
PATIENCE = 240_000  # milliseconds: the time limit of steps that may take long on a busy machine


# --- the server and the browser -------------------------------------------------------------------------


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of a user whose only Jupyter settings are those in the folder. more: added variables."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "PYTHON", "COURSE"))}
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR"):
        env[name] = str(folder / name.lower())
    env.update(JUPYTERLAB_WORKSPACES_DIR=str(folder / "workspaces"), IPYTHONDIR=str(folder / "ipython"))
    env.update(HOME=str(folder / "home"), OMP_NUM_THREADS="1", PYTHONDONTWRITEBYTECODE="1", **more)
    (folder / "home").mkdir()
    for name, values in LAB_SETTINGS.items():
        path = folder / "jupyterlab_settings_dir" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    return env


@contextmanager
def jupyter_lab(folder: Path, env: dict[str, str], log: Path, attempts: int = 2) -> Iterator[str]:
    """Start a server and yield its address. If the first attempt does not answer, another port is tried once.

    The server and its kernels are always ended at exit.
    """
    with log.open("w") as output:
        process, address = start(folder, env, output)
        try:
            if not answers(process, address):
                if attempts > 1:
                    stop(process)
                    with jupyter_lab(folder, env, log.with_suffix(".second.log"), attempts - 1) as second:
                        yield second
                    return
                pytest.fail(f"jupyter lab does not start:\n{log.read_text()[-3000:]}")
            yield address
        finally:
            stop(process)


def start(folder, env, output):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"]
    options += ["--IdentityProvider.token=", f"--ServerApp.root_dir={folder}"]
    command = [sys.executable, "-m", "jupyterlab", *options]
    process = subprocess.Popen(
        command, env=env, cwd=folder, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
    )
    return process, f"http://127.0.0.1:{port}"


def answers(process, address):
    """Wait until the server answers. Return False if it ends or never answers."""
    for _ in range(600):
        if process.poll() is not None:
            return False
        try:
            with urllib.request.urlopen(f"{address}/api/status", timeout=5):
                return True
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
    return False


def stop(process):
    """Terminate a server, which then ends its kernels. After 20 s, kill it together with all processes it started."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def shoot(page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")


@contextmanager
def new_page(context, name: str):
    """Yield a page. Afterwards end the kernels of its server, because each holds torch in memory."""
    page = context.new_page()
    try:
        yield page
    finally:
        with suppress(Exception):  # a screenshot of the last state, also after a failure
            shoot(page, f"{name}-end")
        with suppress(Exception):
            page.evaluate(END_KERNELS)
        page.close()


END_KERNELS = """async () => {
    const headers = {"X-XSRFToken": document.cookie.match(/_xsrf=([^;]*)/)[1]};
    for (const session of await (await fetch("/api/sessions")).json()) {
        await fetch("/api/sessions/" + session.id, {method: "DELETE", headers});
    }
}"""


# --- a notebook -----------------------------------------------------------------------------------------


def open_notebook(page, address: str, path: str) -> Notebook:
    """Open a file of the server in a separate workspace, without the tabs of other tests."""
    page.goto(f"{address}/lab/workspaces/{Path(path).stem}/tree/{path}")
    return Notebook(page)


class Notebook:
    """The notebook that is open in JupyterLab."""

    def __init__(self, page) -> None:
        self.page = page
        page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=PATIENCE)
        self.wait_until_idle()

    def cell(self, text: str):
        """Return the only code cell whose source contains this text."""
        found = self.page.locator(".jp-CodeCell", has=self.page.locator(".jp-InputArea-editor", has_text=text))
        assert found.count() == 1, f"{found.count()} cells with {text!r}"
        return found

    def wait_until_idle(self) -> None:
        self.page.locator("#jp-main-statusbar").get_by_text(re.compile(r"\| Idle$")).wait_for(timeout=PATIENCE)
        self.page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=PATIENCE)

    def menu(self, name: str, item: str) -> None:
        self.page.get_by_role("menuitem", name=name, exact=True).click()
        self.page.get_by_role("menuitem", name=item, exact=True).click()

    def run_all(self) -> None:
        self.menu("Run", "Run All Cells")
        self.page.wait_for_function(
            r"""() => {
                // A cell whose source is folded away has no prompt to read.
                const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")].filter(
                    prompt => !prompt.closest(".jp-Cell").querySelector(".jp-Placeholder"));
                return prompts.every(prompt => /^\[\d+\]:$/.test(prompt.textContent.trim()));
            }""",
            timeout=PATIENCE,
        )
        self.wait_until_idle()

    def write(self, cell, source: str) -> None:
        cell.locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(source)

    def run(self, cell) -> None:
        """Run a cell, which must be selected, and wait for its end. The next cell is selected afterwards."""
        before = prompt(cell)
        self.page.keyboard.press("Shift+Enter")
        self.page.wait_for_function(
            r"""([cell, before]) => {
                const now = cell.querySelector(".jp-InputPrompt").textContent.trim();
                return now !== before && /^\[\d+\]:$/.test(now);
            }""",
            arg=[cell.element_handle(), before],
            timeout=PATIENCE,
        )
        self.wait_until_idle()

    def validate(self, shot: str) -> str:
        """Press Validate, save a screenshot with the name `shot`, and return the text of the dialog."""
        self.page.locator(".jp-NotebookPanel-toolbar").get_by_text("Validate", exact=True).click()
        dialog = self.page.locator(".jp-Dialog", has=self.page.locator("#validation-message"))
        dialog.wait_for(timeout=PATIENCE)
        shoot(self.page, shot)
        said = dialog.inner_text()
        dialog.get_by_role("button", name="Ok").click()
        dialog.wait_for(state="detached")
        return said

    def save(self) -> None:
        """Save, and wait until the file is written: the tab's mark of unsaved changes disappears."""
        self.page.keyboard.press("ControlOrMeta+s")
        self.page.locator("#jp-main-dock-panel .lm-TabBar-tab.jp-mod-current.jp-mod-dirty").wait_for(state="detached")

    def download(self, folder: Path) -> Path:
        """Save the file of File, Download under the browser's suggested name, and return its path."""
        with self.page.expect_download() as waiting:
            self.menu("File", "Download")
        path = folder / waiting.value.suggested_filename
        waiting.value.save_as(path)
        return path

    def scroll_to(self, locator) -> None:
        """Scroll an element to the top of the notebook's window."""
        locator.evaluate(
            """element => {
                const area = element.closest(".jp-WindowedPanel-outer");
                const gap = element.getBoundingClientRect().top - area.getBoundingClientRect().top;
                area.scrollTop += gap - 12;
            }"""
        )


def prompt(cell) -> str:
    return cell.locator(".jp-InputPrompt").inner_text().strip()


def output(cell) -> str:
    return "\n".join(cell.locator(".jp-OutputArea-output").all_inner_texts())


def red(page) -> list[str]:
    """Return all texts with a red background: errors and standard error."""
    kinds = [f'.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.{kind}"]' for kind in ("stderr", "error")]
    return [text.strip() for text in page.locator(", ".join(kinds)).all_inner_texts()]
