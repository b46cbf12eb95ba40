# Accidents: what programs, browsers, file systems and tired people do to a notebook. The format stands in autograder_tests/submissions.py.

# --- saved by another program, in another form -----------------------------------------------------------------------

# %% byte-order-mark
def damage(folder, notebook):
    notebook.write_bytes(b"\xef\xbb\xbf" + notebook.read_bytes())


# %% windows-line-ends
def damage(folder, notebook):
    def how(cells):
        for cell in cells:
            cell["source"] = cell["source"].replace("\n", "\r\n")

    change(notebook, how)
    notebook.write_bytes(notebook.read_bytes().replace(b"\n", b"\r\n"))


# %% windows-encoding finding="not in UTF-8"
def damage(folder, notebook):
    def how(cells):
        for cell in cells:
            # The course's own prose has characters that this encoding lacks.
            cell["source"] = cell["source"].encode("cp1252", "ignore").decode("cp1252")
        named(cells, "standardise")["source"] += "\n# à la française\n"

    change(notebook, how)
    notebook.write_bytes(notebook.read_text(encoding="utf-8").encode("cp1252"))


# %% utf-16
def damage(folder, notebook):
    notebook.write_bytes(notebook.read_text(encoding="utf-8").encode("utf-16"))


# %% colab finding="lost its grading data"
def damage(folder, notebook):
    def how(cells):
        for number, cell in enumerate(cells):
            cell.pop("id", None)
            cell["metadata"] = {"id": f"aB{number}cD", "colab": {"base_uri": "https://colab.research.google.com/"}}
            if cell["cell_type"] == "code":
                cell["metadata"]["outputId"] = "f00"
        # Its own cell in front, as people do there.
        cells.insert(0, code("from google.colab import drive\ndrive.mount('/content/drive')", metadata={"id": "zz"}))

    change(notebook, how)
    content = json.loads(notebook.read_text(encoding="utf-8"))
    content["metadata"] = {
        "colab": {"provenance": []},
        "accelerator": "GPU",
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
    }
    content["nbformat_minor"] = 0
    notebook.write_text(json.dumps(content))


# %% vs-code
def damage(folder, notebook):
    def how(cells):
        for number, cell in enumerate(cells):
            cell["id"] = f"{number:08x}"
            cell["metadata"]["vscode"] = {"languageId": "python"}
            cell["source"] = cell["source"].splitlines(keepends=True)

    change(notebook, how)


# %% classic-notebook
def damage(folder, notebook):
    def how(cells):
        for cell in cells:
            cell.pop("id", None)
            cell["metadata"] |= {
                "collapsed": True,
                "scrolled": False,
                "trusted": False,
                "ExecuteTime": {"end_time": "x"},
            }

    change(notebook, how)
    content = json.loads(notebook.read_text(encoding="utf-8"))
    notebook.write_text(json.dumps(content | {"nbformat_minor": 4}))


# %% nbformat-4-2
def damage(folder, notebook):
    def how(cells):
        for cell in cells:
            cell.pop("id", None)

    change(notebook, how)
    content = json.loads(notebook.read_text(encoding="utf-8"))
    notebook.write_text(json.dumps(content | {"nbformat_minor": 2}))


# %% nbformat-3
def damage(folder, notebook):
    content = json.loads(notebook.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        cell.pop("id", None)
        if cell["cell_type"] == "code":
            cell["input"] = cell.pop("source")
            cell["prompt_number"] = cell.pop("execution_count")
            cell["language"] = "python"
    content["cells"].insert(0, {"cell_type": "heading", "level": 2, "source": "Old times", "metadata": {}})
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"cells": content["cells"], "metadata": {}}],
    }
    notebook.write_text(json.dumps(old))


# %% nbformat-5
def damage(folder, notebook):
    content = json.loads(notebook.read_text(encoding="utf-8"))
    notebook.write_text(json.dumps(content | {"nbformat": 5, "nbformat_minor": 12}))


# %% no-ids-and-doubled-ids
def damage(folder, notebook):
    def how(cells):
        for number, cell in enumerate(cells):
            cell["id"] = "same"
            if number % 2:
                del cell["id"]

    change(notebook, how)


# %% schema-versions
def damage(folder, notebook):
    def how(cells):
        for version, name in zip(
            (1, 2, 99, "three", None),
            ("standardise", "check-standardise", "sampler", "check-sampler", "written-linear"),
        ):
            named(cells, name)["metadata"]["nbgrader"]["schema_version"] = version
        del named(cells, "linear_autoencoder")["metadata"]["nbgrader"]["schema_version"]

    change(notebook, how)


# %% malformed-outputs
def damage(folder, notebook):
    def how(cells):
        for number, cell in enumerate(cells):
            if cell["cell_type"] == "code":
                cell["outputs"] = [None, "text", [{"output_type": "stream"}], [{"output_type": "unheard_of"}, 3]][
                    number % 4
                ]
                cell["execution_count"] = "*"

    change(notebook, how)


# %% malformed-metadata-and-attachments
def damage(folder, notebook):
    def how(cells):
        for number, cell in enumerate(cells):
            if "nbgrader" not in cell["metadata"]:
                cell["metadata"] = [None, [], "none", {"nbgrader": "no"}, {"tags": "setup"}][number % 5]
            if cell["cell_type"] == "markdown":
                cell["attachments"] = [{"a.png": {"image/png": 3}}, [], {"b": "c"}][number % 3]

    change(notebook, how)


# %% broken-characters-and-a-tail finding="more text after the end"
def damage(folder, notebook):
    change(
        notebook,
        lambda cells: cells.append(
            code("# half a pair \ud83d, a bell \x07") if False else words("a tab\tand a bell \x07")
        ),
    )
    text = (
        notebook.read_text(encoding="utf-8")
        .replace("\\u0007", "\x07")
        .replace("and a bell", "and half a pair \\ud83d, a bell")
    )
    notebook.write_text(text + "\0\0\0}}\n", encoding="utf-8")


# --- cells copied, split, merged, deleted, moved, retyped ---------------------------------------------------------------


# %% points-and-locks-changed finding="the course's own count: standardise, check-standardise"
def damage(folder, notebook):
    def how(cells):
        named(cells, "check-standardise")["metadata"]["nbgrader"] |= {"points": 200, "locked": False}
        named(cells, "standardise")["metadata"]["nbgrader"] |= {"solution": False, "locked": True}

    change(notebook, how)


# %% check-copied finding="check-standardise: the check cell is there 2 times"
def damage(folder, notebook):
    def how(cells):
        copied = json.loads(json.dumps(named(cells, "check-standardise")))
        cells.insert(place_of(cells, "check-standardise") + 1, copied)

    change(notebook, how)


# %% stub-copied-below finding="standardise: its cell is there 2 times; cell 5 of your file counts"
def damage(folder, notebook):
    def how(cells):
        copied = json.loads(json.dumps(named(cells, "standardise")))
        copied["source"] = (
            'def standardise(X):\n    raise NotImplementedError("Your code goes here: replace this line.")'
        )
        released = json.loads((root / "release" / lab / f"{lab}.ipynb").read_text(encoding="utf-8"))
        copied["source"] = "".join(named(released["cells"], "standardise")["source"])
        cells.insert(place_of(cells, "standardise") + 1, copied)

    change(notebook, how)


# %% experiment-copied-below-the-check finding="sampler: its cell is there 2 times with different content"
def damage(folder, notebook):
    def how(cells):
        copied = json.loads(json.dumps(named(cells, "sampler")))
        copied["source"] = copied["source"].replace("0.5 * logvar", "logvar")
        cells.insert(place_of(cells, "check-sampler") + 1, copied)

    change(notebook, how)


# %% all-cells-twice finding="its cell is there 2 times"
def damage(folder, notebook):
    change(notebook, lambda cells: [json.loads(json.dumps(cell)) for cell in cells for _ in range(2)])


# %% check-deleted finding="put back as they were given out: check-standardise"
def damage(folder, notebook):
    change(notebook, lambda cells: cells.remove(named(cells, "check-standardise")))


# %% all-checks-deleted finding="put back as they were given out: check-standardise, check-sampler, check-linear_autoencoder"
def damage(folder, notebook):
    def how(cells):
        # A helper that the answer needs stands between it and its check.
        answer = named(cells, "standardise")
        answer["source"] = answer["source"].replace("X.mean(dim=0)", "middle(X)")
        cells.insert(place_of(cells, "standardise") + 1, code("def middle(X):\n    return X.mean(dim=0)"))
        return [
            cell for cell in cells if not cell["metadata"].get("nbgrader", {}).get("grade_id", "").startswith("check-")
        ]

    change(notebook, how)


# %% answer-deleted points="sampler=0" finding="put back as they were given out: sampler"
def damage(folder, notebook):
    change(notebook, lambda cells: cells.remove(named(cells, "sampler")))


# %% setup-and-given-class-deleted finding="put back: the set-up cell | put back: the given cell “class LinearAutoencoder"
def damage(folder, notebook):
    change(
        notebook,
        lambda cells: [
            cell
            for cell in cells
            if "import torch" not in cell["source"] and "class LinearAutoencoder" not in cell["source"]
        ],
    )


# %% check-above-its-answer finding="put back in order"
def damage(folder, notebook):
    def how(cells):
        check = cells.pop(place_of(cells, "check-standardise"))
        cells.insert(place_of(cells, "standardise"), check)

    change(notebook, how)


# %% exercises-in-another-order finding="put back in order"
def damage(folder, notebook):
    def how(cells):
        answer = named(cells, "linear_autoencoder")
        answer["source"] = answer["source"].replace("nn.functional.mse_loss(", "distance(")
        cells.insert(
            place_of(cells, "linear_autoencoder"), code("def distance(a, b):\n    return nn.functional.mse_loss(a, b)")
        )
        start = place_of(cells, "linear_autoencoder") - 2
        block = cells[start : start + 4]
        del cells[start : start + 4]
        at = place_of(cells, "standardise")
        cells[at:at] = block

    change(notebook, how)


# %% turned-round finding="put back in order"
def damage(folder, notebook):
    change(notebook, lambda cells: cells[::-1])


# %% retyped finding="changed back: standardise, sampler, written-linear"
def damage(folder, notebook):
    def how(cells):
        for name, kind in (
            ("standardise", "markdown"),
            ("sampler", "raw"),
            ("check-sampler", "markdown"),
            ("written-linear", "code"),
        ):
            cell = named(cells, name)
            cell["cell_type"] = kind
            for key in ("outputs", "execution_count"):
                cell.pop(key, None)

    change(notebook, how)


# %% setup-retyped finding="changed back: the set-up cell"
def damage(folder, notebook):
    def how(cells):
        cell = next(cell for cell in cells if "import torch" in cell["source"])
        cell["cell_type"] = "markdown"
        del cell["outputs"], cell["execution_count"]

    change(notebook, how)


# %% split-in-the-middle finding="sampler: its cell had been split"
def damage(folder, notebook):
    def how(cells):
        at = place_of(cells, "sampler")
        lines = cells[at]["source"].splitlines(keepends=True)
        cut = next(number for number, line in enumerate(lines) if "noise =" in line)
        cells[at]["source"] = "".join(lines[:cut])
        cells.insert(at + 1, code("".join(lines[cut:])))

    change(notebook, how)


# %% split-with-the-grading-data-below finding="standardise: its cell had been split"
def damage(folder, notebook):
    def how(cells):
        at = place_of(cells, "standardise")
        lines = cells[at]["source"].splitlines(keepends=True)
        cut = next(number for number, line in enumerate(lines) if "centred =" in line)
        cells[at]["source"] = "".join(lines[cut:])
        cells.insert(at, code("".join(lines[:cut])))

    change(notebook, how)


# %% split-into-helper-and-answer finding="standardise: your answer was found in another cell (cell 6"
def damage(folder, notebook):
    def how(cells):
        at = place_of(cells, "standardise")
        answer = cells[at]["source"].replace("X.mean(dim=0)", "middle(X)")
        cells[at]["source"] = "import torch as t\n\ndef middle(X):\n    return t.mean(X, dim=0)"
        cells.insert(at + 1, code(answer))

    change(notebook, how)


# %% answer-above-the-empty-cell finding="standardise: your answer was found in another cell"
def damage(folder, notebook):
    def how(cells):
        cell = named(cells, "standardise")
        cells.insert(place_of(cells, "standardise"), code(cell["source"]))
        released = json.loads((root / "release" / lab / f"{lab}.ipynb").read_text(encoding="utf-8"))
        cell["source"] = named(released["cells"], "standardise")["source"]

    change(notebook, how)


# %% answer-in-the-check-cell finding="standardise: your answer was found in its check cell"
def damage(folder, notebook):
    def how(cells):
        answer = named(cells, "standardise")
        named(cells, "check-standardise")["source"] = (
            answer["source"] + "\n\n" + named(cells, "check-standardise")["source"]
        )
        released = json.loads((root / "release" / lab / f"{lab}.ipynb").read_text(encoding="utf-8"))
        answer["source"] = named(released["cells"], "standardise")["source"]

    change(notebook, how)


# %% merged finding="check-standardise | sampler: its own cell is gone or empty"
def damage(folder, notebook):
    def how(cells):
        first, last = place_of(cells, "standardise"), place_of(cells, "sampler")
        kept = cells[first]
        kept["source"] = "\n\n".join(cell["source"] for cell in cells[first : last + 1] if cell["cell_type"] == "code")
        cells[first : last + 1] = [kept]

    change(notebook, how)


# %% grading-data-swapped finding="standardise: your answer was found in another cell"
def damage(folder, notebook):
    def how(cells):
        one, other = named(cells, "standardise"), named(cells, "sampler")
        one["metadata"], other["metadata"] = other["metadata"], one["metadata"]

    change(notebook, how)


# %% commands-in-the-answer
def damage(folder, notebook):
    def how(cells):
        cell = named(cells, "standardise")
        cell["source"] = "%matplotlib inline\n!echo hello\n" + cell["source"]
        cells.insert(0, code("%%bash\necho hello"))

    change(notebook, how)


# %% lines-without-their-ends
def damage(folder, notebook):
    def how(cells):
        for cell in cells:
            cell["source"] = cell["source"].split("\n")

    change(notebook, how)


# %% zeros-among-the-text
def damage(folder, notebook):
    def how(cells):
        named(cells, "standardise")["source"] += "\n# a disk that failed: \0\0"

    change(notebook, how)


# --- what runs here otherwise than at home ------------------------------------------------------------------------------


# %% packages-that-are-not-here-above-an-answer sandbox="true" finding="(standardise) needs something that is not available here"
def damage(folder, notebook):
    def how(cells):
        cell = named(cells, "standardise")
        cell["source"] = "import no_such_package as nsp\nfrom google.colab import files\n" + cell["source"]

    change(notebook, how)


# %% drive-and-widgets-above-the-set-up sandbox="true" finding="code cell 2 needs something that is not available here"
def damage(folder, notebook):
    def how(cells):
        cell = next(cell for cell in cells if "import torch" in cell["source"])
        above = "from google.colab import drive\ndrive.mount('/content/drive')\n%matplotlib widget\n%no_such_command\n"
        cell["source"] = above + cell["source"]

    change(notebook, how)


# %% commands-at-the-top-of-answers sandbox="true" finding="(linear_autoencoder) needs something"
def damage(folder, notebook):
    tops = {
        "standardise": "%%time\n",
        "sampler": "%%capture out\n",
        "linear_autoencoder": "%matplotlib widget\n!pip list | head -1\n%load_ext autoreload\n%autoreload 2\n%cd /content\n",
    }
    put_above(notebook, tops)


# %% a-breakpoint-left-in-an-answer sandbox="true"
def damage(folder, notebook):
    def how(cells):
        cell = named(cells, "standardise")
        cell["source"] = cell["source"].replace("    centred =", "    breakpoint()\n    centred =", 1)
        cells[:0] = [code("name = input('your name? ')"), code("import pdb; pdb.set_trace()"), code("%debug")]

    change(notebook, how)


# %% exit-and-quit sandbox="true"
def damage(folder, notebook):
    def how(cells):
        own = ["exit()", "quit", "import sys\nsys.exit('bye')", "raise SystemExit", "raise KeyboardInterrupt"]
        return [*map(code, own), *cells, code("exit")]

    change(notebook, how)


# %% cells-that-wait sandbox="true"
def damage(folder, notebook):
    own = [
        "import asyncio\nawait asyncio.sleep(0.01)",
        "async def later():\n    return 3\n\n\nprint(await later())",
        "asyncio.create_task(asyncio.sleep(0.01))",
        "asyncio.run(asyncio.sleep(0.01))",
    ]
    change(notebook, lambda cells: [*map(code, own), *cells])


# %% python-ends-in-own-cells sandbox="true" finding="code cell 1 ended the Python process | code cell 6 ended | code cell 10 ended"
def damage(folder, notebook):
    def how(cells):
        cells.insert(place_of(cells, "sampler"), code("import ctypes\nctypes.string_at(0)"))
        cells.insert(place_of(cells, "linear_autoencoder"), code("import os\nos._exit(1)"))
        cells.insert(0, code("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)"))

    change(notebook, how)


# %% a-loop-without-end sandbox="true" finding="code cell 3 ran longer than 10 s and was stopped"
def damage(folder, notebook):
    change(notebook, lambda cells: cells.insert(3, code("n = 0\nwhile True:\n    n += 1")))


# %% names-of-the-course-and-of-python-taken sandbox="true"
def damage(folder, notebook):
    own = [
        "data, checks, training = 3, [], 'none'",
        "list, max, sum, print, len, open, type, isinstance = [1], 3, None, 3, 9, None, 3, 4",
        "del list, max, sum, print, len, open, type, isinstance",
        "print, len = None, 3",
    ]

    def how(cells):
        at = place_of(cells, "standardise") + 1
        cells[at:at] = map(code, own)

    change(notebook, how)


# %% settings-changed sandbox="true"
def damage(folder, notebook):
    own = [
        "import random, numpy as np\nnp.random.seed(0)\nrandom.seed(0)\ntorch.manual_seed(0)",
        "import warnings\nwarnings.simplefilter('error')\nwarnings.warn('mine')",
        "import logging, sys\nlogging.basicConfig(level=logging.DEBUG)\nlogging.error('mine')\nsys.stderr.write('mine')",
        "import os\nos.chdir('/tmp')\nos.environ['CUDA_VISIBLE_DEVICES'] = '0'",
        "torch.set_num_threads(4)\n(torch.rand(900, 900) @ torch.rand(900, 900)).sum()",
        "import matplotlib\nmatplotlib.use('TkAgg')",
    ]

    def how(cells):
        at = place_of(cells, "standardise")
        cells[at:at] = map(code, own)

    change(notebook, how)


# %% bars-figures-and-widgets sandbox="true"
def damage(folder, notebook):
    own = [
        "from tqdm.notebook import tqdm\nfor _ in tqdm(range(30)):\n    pass",
        "from tqdm.auto import trange\nfor _ in trange(300):\n    pass",
        "import ipywidgets\nipywidgets.interact(lambda x: x, x=5)",
        "import matplotlib.pyplot as plt\nfor _ in range(25):\n    plt.figure()",
        "plt.plot([1, 2])\nplt.show(block=True)",
        "import threading, time\nthreading.Thread(target=lambda: [print(time.sleep(0.05)) for _ in range(999)]).start()",
    ]
    change(notebook, lambda cells: [*map(code, own), *cells])


# %% commands-that-clear-everything sandbox="true"
def damage(folder, notebook):
    own = [
        "%reset -f",
        "get_ipython().magic('reset -sf')",
        "%xmode Verbose",
        "%%bash\nexit 3",
        "%%no_such\nx",
        "?print",
    ]
    change(notebook, lambda cells: [*map(code, own), *cells])


# --- files ------------------------------------------------------------------------------------------------------------


# %% cut-off points="linear_autoencoder=0" finding="ends in the middle" state="failed"
def damage(folder, notebook):
    data = notebook.read_bytes()
    notebook.write_bytes(data[: data.index(b"def train_linear_autoencoder")])


# %% cut-off-early start="blank" finding="ends in the middle: nothing could be read" state="failed"
def damage(folder, notebook):
    notebook.write_bytes(notebook.read_bytes()[:40])


# %% merge-conflict finding="is broken: only" state="failed"
def damage(folder, notebook):
    text = notebook.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if "## 4" in line)
    notebook.write_text(text.replace(line, f"<<<<<<< HEAD\n{line}\n=======\n{line}\n>>>>>>> mine"), encoding="utf-8")


# %% empty start="blank" finding="is empty: hand in again" state="failed"
def damage(folder, notebook):
    notebook.write_bytes(b"")


# %% no-notebook start="blank" finding="no notebook was handed in (there: notes.txt)" state="failed"
def damage(folder, notebook):
    notebook.unlink()
    (folder / "notes.txt").write_text("where is it?")


# %% nothing start="blank" finding="no notebook was handed in (there: nothing)" state="failed"
def damage(folder, notebook):
    notebook.unlink()


# %% wrong-name finding="my solution (1).ipynb was graded: there is no"
def damage(folder, notebook):
    notebook.rename(folder / "my solution (1).ipynb")


# %% saved-as-text-in-a-folder finding="unzipped/00_template.ipynb.txt was graded"
def damage(folder, notebook):
    (folder / "unzipped").mkdir()
    notebook.rename(folder / "unzipped" / "00_template.ipynb.txt")


# %% work-in-a-copy finding="00_template-Copy1.ipynb was graded: 00_template.ipynb has less work in it"
def damage(folder, notebook):
    notebook.rename(folder / "00_template-Copy1.ipynb")
    shutil.copy(root / "release" / lab / f"{lab}.ipynb", notebook)


# %% several-under-other-names finding="final.ipynb was graded"
def damage(folder, notebook):
    shutil.copy(root / "release" / lab / f"{lab}.ipynb", folder / "draft.ipynb")
    (folder / "scratch.ipynb").write_text('{"cells": [{"cell_type": "code", "source": "1 + 1"}]}')
    (folder / "settings.json").write_text("{}")
    notebook.rename(folder / "final.ipynb")


# %% link-to-the-answers start="blank" finding="00_template.ipynb is a link, and links are not followed" state="failed"
def damage(folder, notebook):
    notebook.unlink()
    notebook.symlink_to(root / "source" / lab / f"{lab}.ipynb")


# %% links-beside-the-notebook finding="data.csv is a link | up is a link"
def damage(folder, notebook):
    (folder / "data.csv").symlink_to(root / "nbgrader_config.py")
    (folder / "up").symlink_to(folder.parent)
    (folder / "endless").symlink_to("/dev/zero")


# %% pipe start="blank" finding="00_template.ipynb is no file" state="failed"
def damage(folder, notebook):
    notebook.unlink()
    os.mkfifo(notebook)
    os.mkfifo(folder / "data.csv")


# %% folder-with-the-notebooks-name start="blank" finding="00_template.ipynb is a folder, not a notebook" state="failed"
def damage(folder, notebook):
    notebook.unlink()
    notebook.mkdir()


# %% huge start="blank" finding="larger than 50 MB: clear the outputs" state="failed"
def damage(folder, notebook):
    os.truncate(notebook, 60 * 2**20)


# %% web-page start="blank" finding="is a web page, not a notebook" state="failed"
def damage(folder, notebook):
    notebook.write_text("<!DOCTYPE html><html><body>Sign in to continue</body></html>")


# %% another-lab start="blank" finding="is it another lab's" state="failed"
def damage(folder, notebook):
    change(notebook, lambda cells: [words("# Lab 7"), code("print('attention')")])


# %% files-of-the-students-own
def damage(folder, notebook):
    (folder / "mine.py").write_text("def middle(X):\n    return X.mean(dim=0)\n")
    (folder / "data").mkdir()
    (folder / "data" / "numbers.txt").write_text("3")

    def how(cells):
        cell = named(cells, "standardise")
        cell["source"] = "from mine import middle\nnumber = int(open('data/numbers.txt').read())\n" + cell[
            "source"
        ].replace("X.mean(dim=0)", "middle(X)")

    change(notebook, how)


# %% large-file-beside finding="data.bin is larger than 50 MB; the notebook was run without it"
def damage(folder, notebook):
    with open(folder / "data.bin", "wb") as file:
        file.truncate(60 * 2**20)


# %% checkpoints-and-caches-beside
def damage(folder, notebook):
    for name in (".ipynb_checkpoints", "__pycache__", ".git"):
        (folder / name).mkdir()
        (folder / name / "x.bin").write_bytes(b"x" * 1000)
    shutil.copy(notebook, folder / ".ipynb_checkpoints" / "00_template-checkpoint.ipynb")


# %% package-in-a-folder-of-its-own sandbox="true" finding="Abgabe 1/00_template.ipynb was graded"
def damage(folder, notebook):
    """The whole folder was packed: what lies beside the notebook there is beside it here."""
    inside = folder / "Abgabe 1"
    (inside / "daten").mkdir(parents=True)
    (inside / "mine.py").write_text("def middle(X):\n    return X.mean(dim=0)\n")
    (inside / "daten" / "n.txt").write_text("3")

    def how(cells):
        cell = named(cells, "standardise")
        answer = cell["source"].replace("X.mean(dim=0)", "middle(X)")
        cell["source"] = f"from mine import middle\nn = int(open('daten/n.txt').read())\n{answer}"

    change(notebook, how)
    notebook.rename(inside / notebook.name)


# --- more that is not here ----------------------------------------------------------------------------------------------


# %% files-folders-and-servers-that-are-not-here sandbox="true" finding="(standardise) needs something | (sampler) needs something"
def damage(folder, notebook):
    tops = {
        "standardise": "import os\nos.chdir('/home/me/lab 0')\nnumbers = open('/content/drive/MyDrive/x.csv').read()\n",
        "sampler": "from urllib.request import urlopen\npage = urlopen('http://example.org').read()\nprint(page)\n",
    }
    put_above(notebook, tops)


# %% a-graphics-card-that-is-not-here sandbox="true" finding="(standardise) needs something | (linear_autoencoder) needs something"
def damage(folder, notebook):
    tops = {
        "standardise": "ones = torch.ones(3).cuda()\nprint(ones)\n",
        "linear_autoencoder": "assert torch.cuda.is_available()\nx = torch.ones(2, device='cuda')\n",
    }
    put_above(notebook, tops)


# %% somebody-to-type-who-is-not-here sandbox="true" finding="(sampler) needs something that is not available here"
def damage(folder, notebook):
    def how(cells):
        cell = named(cells, "sampler")
        cell["source"] = "name = input('Your name? ')\nprint(name.upper())\n" + cell["source"]

    change(notebook, how)


# %% packages-installed-by-answers sandbox="true"
def damage(folder, notebook):
    def how(cells):
        cell = named(cells, "standardise")
        cell["source"] = "%pip install no-such-package\n!pip install -q another\n" + cell["source"]

    change(notebook, how)
