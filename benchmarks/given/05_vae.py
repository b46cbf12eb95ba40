"""The trained models of lab 05 that come with the course: `python benchmarks/given/05_vae.py` makes them anew.

Each is trained on the 10,000 bundled digits with seed 0, batches of 64 and Adam 1e-3, and stored as float16:
vae_grey (20 latents, 400 hidden units, 30 epochs, grey pixels), vae_two (2 latents, 200 units, 60 epochs, grey pixels),
vae_binary (20 latents, 200 units, 30 epochs, pixels drawn in black and white once).
"""

import torch

from course_utils import data, variational


def main() -> None:
    images = data.load_mnist("train", source="sample", device="cpu").images
    drawn = torch.bernoulli(images, generator=torch.Generator().manual_seed(0))
    for name, latents, hidden, epochs, pixels in (
        ("vae_grey", 20, 400, 30, images),
        ("vae_two", 2, 200, 60, images),
        ("vae_binary", 20, 200, 30, drawn),
    ):
        torch.manual_seed(0)
        model = variational.DenseVAE(latents, hidden)
        print(name, variational.fit_elbo(model, pixels, epochs=epochs))
        data.save_given(name, model.state_dict())


if __name__ == "__main__":
    main()
