"""What the notebook cells of the course import.

Importing this package costs no more than torch and numpy; anything slower (torchvision, scikit-learn, seaborn,
ipywidgets) is imported by the functions that use it.
"""

__version__ = "0.1.0"
