"""Planes in space, to see what an angle between subspaces is."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from course_utils.arrays import as_array, as_table
from course_utils.metrics import principal_angles
from course_utils.plotting.alt import describe
from course_utils.plotting.style import colour, new_figure, styled


@styled
def show_planes(first, second, points=None, *, title: str | None = None, ax=None, alt: str | None = None) -> Axes:
    """Two planes through the origin, the line in which they meet, and the two angles between them.

    first, second: [2, 3], two directions that span a plane, in its rows. points: [N, 3], drawn as dots.
    ax: axes with projection="3d". Returns the axes. Raises ValueError for other shapes.
    """
    planes = [as_table(first, "first"), as_table(second, "second")]
    if any(plane.shape != (2, 3) for plane in planes):
        raise ValueError(f"a plane is [2, 3], got {' and '.join(str(list(plane.shape)) for plane in planes)}.")
    planes = [np.linalg.qr(plane.T)[0].T for plane in planes]
    cloud = None if points is None else as_array(points)
    size = 1.0 if cloud is None else 1.1 * float(np.abs(cloud).max())
    normals = [np.cross(*plane) for plane in planes]
    common = np.cross(*normals)
    if ax is None:
        ax = plt.figure(figsize=(5.2, 4.4), layout="constrained").add_subplot(projection="3d")
    for plane, shade in zip(planes, (colour(0), colour(4)), strict=True):
        along = common / np.linalg.norm(common) if np.linalg.norm(common) > 1e-6 else plane[0]
        across = np.cross(np.cross(*plane), along)
        u, v = np.meshgrid([-size, size], [-size, size])
        ax.plot_surface(*(u * along[i] + v * across[i] for i in range(3)), color=to_rgba(shade, 0.35))
    if np.linalg.norm(common) > 1e-6:
        ax.plot(*(np.outer(along, [-size, size])), color="0.1", linewidth=2)
    if cloud is not None:
        ax.scatter(*cloud.T, s=4, color="0.3", linewidths=0)
    small, large = principal_angles(*planes)
    ax.set(xlim=(-size, size), ylim=(-size, size), zlim=(-size, size), xticks=[], yticks=[], zticks=[])
    ax.set_box_aspect((1, 1, 1), zoom=1.15)
    text = f"angles {small:.0f} and {large:.0f} degrees"
    ax.set_title(f"{title}: {text}" if title else text)
    return describe(ax, alt or f"Two planes in space that meet in a line, {text}")


@styled
def show_angles(angles: Mapping[str, np.ndarray], variances, *, kept: int, alt: str | None = None) -> Figure:
    """Left: the angles between two subspaces, sorted, a line for each name. Right: the variances of principal
    components around the last one that is kept.

    angles: {name: degrees}; variances: of all components, the largest first; kept: how many of them the subspace has.
    """
    figure, axes = new_figure(1, 2, (9, 3))
    left, right = axes.flat
    said = []
    for i, (name, values) in enumerate(angles.items()):
        values = np.sort(as_array(values))
        left.plot(range(1, len(values) + 1), values, "o-", markersize=3, label=name, color=colour(4 * i))
        said.append(f"{name}: {values[0]:.2g} to {values[-1]:.0f} degrees, median {np.median(values):.2g}")
    left.set(xlabel="direction, best matched first", ylabel="angle (degrees)", title="angles to the subspace of PCA")
    left.legend(frameon=False)
    spread = as_array(variances)
    first = max(kept - 10, 1)
    shades = [colour(0) if i <= kept else "lightgrey" for i in range(first, len(spread) + 1)]
    right.bar(range(first, len(spread) + 1), spread[first - 1 :], color=shades)
    right.set(xlabel="component", ylabel="variance", title="PCA keeps the coloured ones")
    text = f"Variance {spread[kept - 1]:.2f} at component {kept}, {spread[kept]:.2f} after it"
    return describe(figure, alt or f"Angles, sorted: {'; '.join(said)}. {text}")
