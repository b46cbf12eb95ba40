# Rare answers of lab 06 that lose points all the same. An entry is a whole cell, or patch="old => new" on the reference of
# its exercise. keeps: the share that is left at the most.

# %% border-repeated exercise="augment" patch="return F.grid_sample(images, grid, align_corners=False) => return F.grid_sample(images, grid, padding_mode='border', align_corners=False)" keeps=0.9

# %% whole-pixels exercise="augment" patch="(4 * torch.rand(2, n, generator=generator) - 2) => torch.randint(-2, 3, (2, n), generator=generator)" keeps=0.85

# %% one-sure-image-squeezed exercise="pseudo_labels" patch="torch.nonzero(sure)[:, 0] => torch.nonzero(sure).squeeze()" keeps=0.9

# %% two-layers exercise="classifier" patch="self.head = nn.Linear(width, 10) => self.head = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10))" keeps=0.59

# %% columns-of-nonzero exercise="draw_labels" patch="torch.nonzero(hidden)[:, 0] => torch.nonzero(hidden)" keeps=0.8 hint="take [:, 0]"

# %% stacked exercise="draw_labels" patch="torch.cat(chosen) => torch.stack(chosen)" keeps=0.8 hint="join the classes by torch.cat"

# %% classes-from-zero-to-nine exercise="draw_labels" patch="labels.unique() => range(10)" keeps=0.1667 hint="labels.unique() gives them"

# %% shift-twice-as-far exercise="augment" patch="/ 14 => / 7" keeps=0.85 hint="twice as large"
