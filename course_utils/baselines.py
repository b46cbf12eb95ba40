"""PCA as the method to compare with: scikit-learn's, with images in and images out.

pca = Pca(train.images, 64)
pca.error(test.images, 30)
"""

import torch


class Pca:
    """The principal components of images [N, 1, H, W], from scikit-learn (imported when first used).

    k: how many components, all of them unless given. `components` [k, P] and `variances` [k]: the largest first.
    """

    def __init__(self, images: torch.Tensor, k: int | None = None) -> None:
        from sklearn.decomposition import PCA

        found = PCA(k, svd_solver="covariance_eigh").fit(images.flatten(1).cpu().numpy())
        self.variances = found.explained_variance_
        self.mean, self.components = torch.tensor(found.mean_), torch.tensor(found.components_)

    def reconstruct(self, images: torch.Tensor, k: int | None = None) -> torch.Tensor:
        """Images from their first k components (all unless given), in the shape and on the device of `images`."""
        C, mean = self.components[:k].to(images), self.mean.to(images)
        return ((images.flatten(1) - mean) @ C.T @ C + mean).view_as(images)

    def error(self, images: torch.Tensor, k: int | None = None) -> float:
        """The mean squared error per pixel of these reconstructions."""
        return torch.nn.functional.mse_loss(self.reconstruct(images, k), images).item()
