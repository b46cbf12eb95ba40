"""Forbidden system calls: a classic BPF program, assembled here, for x86_64 and aarch64.

Namespaces, read-only mounts and missing privileges already prevent some of these calls. They are forbidden in addition
to reduce the attack surface of the kernel (mounts, new namespaces, bpf, io_uring). Nothing else prevents the others:
memory that no limit counts (memfd, System V shared memory and queues), resources that all processes of a user or of the
machine share (asynchronous input and output, inotify), access to other processes, keys, and sockets that a network
namespace does not isolate (AF_VSOCK connects to a virtual machine's host).

The program reads struct seccomp_data: the number of the call at offset 0, the architecture at 4, the arguments from 16
on, 8 bytes each, least significant half first. Its layout (each line is an instruction, jumps go to the labels):

            load architecture
            another architecture?      -> deny      (32-bit calls on a 64-bit machine have other numbers)
            load number
            x86_64: number >= 2^30?    -> deny      (the x32 calls, the same kernel functions under other numbers)
            number is clone3?          -> enosys    (its flags are in memory, which BPF cannot read; libc uses clone)
            number is clone?           -> flags
            number is socket?          -> family
            number is ioctl?           -> request
            number is a forbidden one? -> deny      (one line each)
            allow
    flags   load argument 0
            any CLONE_NEW* bit?        -> deny
            allow
    family  load argument 0
            AF_UNIX, AF_INET, AF_INET6, AF_NETLINK? -> allow
            deny
    request load argument 1
            TIOCSTI, TIOCLINUX?        -> deny      (they insert input into a terminal)
    allow   allow the call
    deny    return EPERM, so that libraries use a fallback or raise an exception instead of being killed
    enosys  return ENOSYS
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

# Numbers from the kernel's tables: (x86_64, aarch64). None: the architecture does not have the call.
CALLS: dict[str, tuple[int | None, int | None]] = {
    # memory that no limit counts
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    # shared resources without a namespace
    "io_setup": (206, 0),
    "io_destroy": (207, 1),
    "io_submit": (209, 2),
    "io_cancel": (210, 3),
    "io_getevents": (208, 4),
    "io_pgetevents": (333, 292),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    # keys, programs in the kernel, its counters and logs
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "syslog": (103, 116),
    "fanotify_init": (300, 262),
    # mounts and namespaces
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    # file handles circumvent the mounts
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    # the machine
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "personality": (135, 92),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
}
CLONE, CLONE3, SOCKET, IOCTL = (56, 220), (435, 435), (41, 198), (16, 29)
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
NEW_NAMESPACES = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
FAMILIES = (1, 2, 10, 16)  # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK (which getaddrinfo and if_nameindex use)
REQUESTS = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, ERROR = 0x7FFF0000, 0x00050000

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2


def program(machine: str) -> bytes | None:
    """Return the filter for a machine ("x86_64" or "aarch64"), None for others, whose call numbers are not in CALLS."""
    if machine not in ARCHITECTURES:
        return None
    column, architecture = ARCHITECTURES[machine]
    # An instruction (code, operand, label to jump to if true, if false; None is the next line), or a label.
    lines: list[tuple[int, int, str | None, str | None] | str] = [
        (LOAD, 4, None, None),
        (EQUAL, architecture, None, "deny"),
        (LOAD, 0, None, None),
    ]
    if machine == "x86_64":
        lines.append((AT_LEAST, 1 << 30, "deny", None))
    for call, label in ((CLONE3, "enosys"), (CLONE, "flags"), (SOCKET, "family"), (IOCTL, "request")):
        lines.append((EQUAL, call[column], label, None))
    lines += [(EQUAL, numbers[column], "deny", None) for numbers in CALLS.values() if numbers[column] is not None]
    lines += [(RETURN, ALLOW, None, None)]
    lines += ["flags", (LOAD, 16, None, None), (ANY_BIT, NEW_NAMESPACES, "deny", "allow")]
    lines += ["family", (LOAD, 16, None, None)]
    lines += [(EQUAL, family, "allow", None) for family in FAMILIES[:-1]] + [(EQUAL, FAMILIES[-1], "allow", "deny")]
    lines += ["request", (LOAD, 24, None, None)]
    lines += [(EQUAL, request, "deny", None) for request in REQUESTS]
    lines += ["allow", (RETURN, ALLOW, None, None)]
    lines += ["deny", (RETURN, ERROR | errno.EPERM, None, None)]
    lines += ["enosys", (RETURN, ERROR | errno.ENOSYS, None, None)]
    return _assemble(lines)


def install() -> bool:
    """Install the filter permanently in this process and its descendants.

    Returns False if there is no filter for this machine. Raises OSError if the kernel refuses.
    """
    code = program(platform.machine())
    if code is None:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(code, len(code))
    # struct sock_fprog: the number of instructions, padding up to a pointer, the pointer.
    filter_ = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer)))
    one, nothing = ctypes.c_ulong(1), ctypes.c_ulong(0)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, one, nothing, nothing, nothing) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs was refused")
    if libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), filter_, nothing, nothing) != 0:
        raise OSError(ctypes.get_errno(), "the seccomp filter was refused")
    return True


def _assemble(lines: list[tuple[int, int, str | None, str | None] | str]) -> bytes:
    """Assemble the program: replace labels by jump distances.

    struct sock_filter: code (2 bytes), jump if true, jump if false (1 byte each), operand (4 bytes).
    """
    places: dict[str, int] = {}
    position = 0
    for line in lines:
        if isinstance(line, str):
            places[line] = position
        else:
            position += 1
    code, position = b"", 0
    for line in lines:
        if isinstance(line, str):
            continue
        position += 1  # distances count from the next instruction
        operation, operand, yes, no = line
        code += struct.pack("HBBI", operation, *(places[to] - position if to else 0 for to in (yes, no)), operand)
    return code
