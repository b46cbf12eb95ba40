# Run this cell first. Where course_utils is missing (on Colab, say) it is installed, without touching torch; elsewhere
# nothing happens.
import importlib.util
import subprocess
import sys
from pathlib import Path

INSTALL_FROM = ""  # instructors: the address of your copy of the course, for notebooks that travel alone

if importlib.util.find_spec("course_utils") is None:
    here = Path.cwd()
    beside = [str(folder) for folder in (here, *here.parents) if (folder / "course_utils" / "__init__.py").is_file()]
    source = (beside or [INSTALL_FROM])[0]
    if not source:
        raise SystemExit(
            "course_utils is missing: upload the whole course folder, open this notebook in it, run again."
        )
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", source], check=True)
    importlib.invalidate_caches()
