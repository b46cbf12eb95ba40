# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% nbgrader={"grade": false, "grade_id": "install-course-utils", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Run this cell first. Where course_utils is missing (on Colab, say) it installs it, without touching torch; where it is there it does nothing.
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
        raise SystemExit("course_utils is missing: upload the whole course bundle, open the notebook inside it, and run this cell again.")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", source], check=True)
    importlib.invalidate_caches()
