# Run this cell first. Where course_utils is missing (on Colab, say) it is installed,
# without touching torch; elsewhere nothing happens.
import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

INSTALL_FROM = ""  # instructors: where your copy of the course is, for notebooks that travel alone

if importlib.util.find_spec("course_utils") is None:
    here = Path.cwd()
    places = [here, *here.parents, *sorted(here.iterdir())]
    found = [place for place in places if (place / "course_utils" / "__init__.py").is_file()]
    for place in filter(zipfile.is_zipfile, sorted(here.glob("*.zip"))):
        names = zipfile.ZipFile(place).namelist()
        if any(name.endswith("course_utils/__init__.py") for name in names):
            found.append(place)
    source = str(found[0]) if found else INSTALL_FROM
    if not source:
        missing = "course_utils is missing: upload the course's .zip beside this notebook"
        raise SystemExit(f"{missing}, then run this cell again.")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, source], check=True)
    importlib.invalidate_caches()
