# Answers to upsample_decoder. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% pixels-not-logits patch="return self.last(F.interpolate(x, size=28)) => return self.last(F.interpolate(x, size=28)).sigmoid()" keeps=0.8571 hint="after the last layer: sigmoid, expected nothing"

# %% bilinear keeps=0.8571 hint="upsampling: bilinear"
class UpsampleDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(
            [nn.Conv2d(16, 16, 3, padding=1), nn.Conv2d(16, 8, 3, padding=1), nn.Conv2d(8, 1, 3, padding=1)]
        )

    def forward(self, code):
        for size, layer in zip((7, 14, 28), self.layers):
            code = layer(F.interpolate(code, size=size, mode="bilinear"))
            code = code.relu() if size < 28 else code
        return code


# %% doubled-to-24 keeps=0.4286 hint="which sizes come out of each step? 3, 7, 14, 28"
class UpsampleDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        up = nn.Upsample(scale_factor=2)
        self.layers = nn.Sequential(
            up,
            nn.Conv2d(16, 16, 3, padding=1),
            nn.ReLU(),
            up,
            nn.Conv2d(16, 8, 3, padding=1),
            nn.ReLU(),
            up,
            nn.Conv2d(8, 1, 3, padding=1),
        )

    def forward(self, code):
        return self.layers(code)


# %% convolution-first keeps=0.8571 hint="order: convolution, then upsampling"
class UpsampleDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(16, 16, 3, padding=1)
        self.second = nn.Conv2d(16, 8, 3, padding=1)
        self.last = nn.Conv2d(8, 1, 3, padding=1)

    def forward(self, code):
        x = F.interpolate(self.first(code), size=7).relu()
        x = F.interpolate(self.second(x), size=14).relu()
        return F.interpolate(self.last(x), size=28)


# %% no-relu keeps=0.8571 hint="between layers: nothing"
class UpsampleDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = (nn.Conv2d(n, m, 3, padding=1) for n, m in ((16, 16), (16, 8), (8, 1)))

    def forward(self, code):
        return self.c(F.interpolate(self.b(F.interpolate(self.a(F.interpolate(code, size=7)), size=14)), size=28))


# %% sequential
class UpsampleDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Upsample(7),
            nn.Conv2d(16, 16, 3, padding="same"),
            nn.ReLU(),
            nn.Upsample(14),
            nn.Conv2d(16, 8, 3, padding="same"),
            nn.ReLU(),
            nn.Upsample(28),
            nn.Conv2d(8, 1, 3, padding="same"),
        )

    def forward(self, code):
        return self.net(code)


# %% repeats-rows-and-columns
class UpsampleDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Conv2d(8, 1, 3, padding=1)
        self.two = nn.Conv2d(16, 8, 3, padding=1)
        self.one = nn.Conv2d(16, 16, 3, padding=1)

    def forward(self, code):
        x = code[:, :, torch.arange(7) * 3 // 7][:, :, :, torch.arange(7) * 3 // 7]
        x = self.one(x).clamp(min=0).repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        x = self.two(x).clamp(min=0).repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        return self.out(x)
