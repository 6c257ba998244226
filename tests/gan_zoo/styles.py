"""Networks for 3 x 32 x 32 images in the styles of well-known public code, written from memory.

None knows of labels, streams or an order of memory. `STYLES` holds models that build them as they
are; what has another shape than is wanted here is joined by `nn.Unflatten` or `nn.Flatten`.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from gan_zoo.base import GAN
from gan_zoo.gan import VanillaGAN

Z, WIDTH = 16, 8


class TutorialGenerator(nn.Module):
    """One Sequential called main, latents [n, z, 1, 1]: the DCGAN of PyTorch's examples."""

    def __init__(self) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(Z, 4 * WIDTH, 4, 1, 0, bias=False),
            nn.BatchNorm2d(4 * WIDTH),
            nn.ReLU(True),
            nn.ConvTranspose2d(4 * WIDTH, 2 * WIDTH, 4, 2, 1, bias=False),
            nn.BatchNorm2d(2 * WIDTH),
            nn.ReLU(True),
            nn.ConvTranspose2d(2 * WIDTH, WIDTH, 4, 2, 1, bias=False),
            nn.BatchNorm2d(WIDTH),
            nn.ReLU(True),
            nn.ConvTranspose2d(WIDTH, 3, 4, 2, 1, bias=False),
            nn.Tanh(),
        )

    def forward(self, input):
        return self.main(input)


class TutorialDiscriminator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(3, WIDTH, 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(WIDTH, 2 * WIDTH, 4, 2, 1, bias=False),
            nn.BatchNorm2d(2 * WIDTH),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(2 * WIDTH, 1, 8, 1, 0, bias=False),
        )

    def forward(self, input):
        return self.main(input).view(-1, 1).squeeze(1)


def weights_init(m):
    if m.__class__.__name__.find("Conv") != -1:
        m.weight.data.normal_(0.0, 0.02)


class Tutorial(VanillaGAN):
    def build_generator(self) -> nn.Module:
        network = TutorialGenerator()
        network.apply(weights_init)
        return nn.Sequential(nn.Unflatten(1, (Z, 1, 1)), network)

    def build_discriminator(self) -> nn.Module:
        return TutorialDiscriminator()


class CollectionGenerator(nn.Module):
    """A linear layer, `view`, upsampling: as in a large collection of GANs, one a file."""

    def __init__(self) -> None:
        super().__init__()
        self.init_size = 8
        self.l1 = nn.Sequential(nn.Linear(Z, WIDTH * self.init_size**2))
        self.conv_blocks = nn.Sequential(
            nn.BatchNorm2d(WIDTH),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(WIDTH, WIDTH, 3, stride=1, padding=1),
            nn.BatchNorm2d(WIDTH, 0.8),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(WIDTH, 3, 3, stride=1, padding=1),
            nn.Tanh(),
        )

    def forward(self, z):
        out = self.l1(z)
        out = out.view(out.shape[0], WIDTH, self.init_size, self.init_size)
        return self.conv_blocks(out)


class CollectionDiscriminator(nn.Module):
    def __init__(self) -> None:
        super().__init__()

        def block(planes: int, out: int, bn: bool = True) -> list[nn.Module]:
            layers: list[nn.Module] = [
                nn.Conv2d(planes, out, 3, 2, 1),
                nn.LeakyReLU(0.2, inplace=True),
            ]
            layers.append(nn.Dropout2d(0.25))
            return [*layers, nn.BatchNorm2d(out, 0.8)] if bn else layers

        self.model = nn.Sequential(
            *block(3, WIDTH, bn=False), *block(WIDTH, WIDTH), *block(WIDTH, WIDTH)
        )
        self.adv_layer = nn.Sequential(nn.Linear(WIDTH * 4**2, 1))

    def forward(self, img):
        out = self.model(img)
        out = out.view(out.shape[0], -1)
        return self.adv_layer(out).view(-1)


class Collection(VanillaGAN):
    def build_generator(self) -> nn.Module:
        return CollectionGenerator()

    def build_discriminator(self) -> nn.Module:
        return CollectionDiscriminator()


class PortedCritic(nn.Module):
    """A port from TensorFlow: the critic takes flat rows and views them as images."""

    def __init__(self) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(3, WIDTH, 3, 2, padding=1),
            nn.LeakyReLU(),
            nn.Conv2d(WIDTH, 2 * WIDTH, 3, 2, padding=1),
            nn.LeakyReLU(),
        )
        self.linear = nn.Linear(8 * 8 * 2 * WIDTH, 1)

    def forward(self, input):
        output = self.main(input.view(-1, 3, 32, 32))
        return self.linear(output.view(-1, 8 * 8 * 2 * WIDTH)).view(-1)


class Ported(VanillaGAN):
    """Only the critic is replaced; the generator is the zoo's, with its own order of memory."""

    def build_discriminator(self) -> nn.Module:
        return nn.DataParallel(PortedCritic())


class Block(nn.Module):
    def __init__(self, planes: int, out: int) -> None:
        super().__init__()
        norm = nn.utils.spectral_norm
        self.c1, self.c2 = norm(nn.Conv2d(planes, out, 3, 1, 1)), norm(nn.Conv2d(out, out, 3, 1, 1))
        self.skip = norm(nn.Conv2d(planes, out, 1))

    def forward(self, x):
        h = self.c2(F.relu(self.c1(F.relu(x)), inplace=True))
        return F.avg_pool2d(h + self.skip(x), 2)


class Projection(nn.Module):
    """Residual blocks, spectral norm, sum over pixels, a class by projection: forward(x, y)."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Block(3, WIDTH), Block(WIDTH, 2 * WIDTH)])
        self.l3 = nn.utils.spectral_norm(nn.Linear(2 * WIDTH, 1))
        self.l_y = nn.utils.spectral_norm(nn.Embedding(classes, 2 * WIDTH))

    def forward(self, x, y=None):
        for block in self.blocks:
            x = block(x)
        h = torch.sum(F.relu(x), dim=(2, 3))
        output = self.l3(h)
        if y is not None:
            output = output + torch.sum(self.l_y(y) * h, dim=1, keepdim=True)
        return output.view(-1)


class Residual(VanillaGAN):
    conditional = True

    def build_discriminator(self) -> nn.Module:
        return Projection(self.spec.classes)


class Equalized(nn.Module):
    """A weight that is scaled as it is used."""

    def __init__(self, planes: int, out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out, planes, 3, 3))
        self.bias = nn.Parameter(torch.zeros(out))
        self.scale = (2 / (planes * 9)) ** 0.5

    def forward(self, x):
        return F.conv2d(x, self.weight * self.scale, self.bias, padding=1)


class StyledGenerator(nn.Module):
    """A learnt constant, and noise that each pass draws anew."""

    def __init__(self) -> None:
        super().__init__()
        self.input = nn.Parameter(torch.randn(1, WIDTH, 8, 8))
        self.mapping, self.noise = nn.Linear(Z, WIDTH), nn.Parameter(torch.full((), 0.1))
        self.convs = nn.ModuleList([Equalized(WIDTH, WIDTH), Equalized(WIDTH, WIDTH)])
        self.to_rgb = Equalized(WIDTH, 3)

    def forward(self, z, c=None, truncation_psi=1):
        z = z * (z.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()
        style = self.mapping(z)[:, :, None, None]
        x = self.input.repeat([z.shape[0], 1, 1, 1])
        for conv in self.convs:
            x = F.interpolate(x, scale_factor=2) * (1 + style)
            noise = torch.randn([x.shape[0], 1, x.shape[2], x.shape[3]], device=x.device)
            x = F.leaky_relu_(conv(x) + noise * self.noise, 0.2)
        return torch.tanh(self.to_rgb(x))


class StyledDiscriminator(nn.Module):
    """The deviation over groups of four as a plane: a sample's score depends on the others."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = Equalized(3, WIDTH), Equalized(WIDTH + 1, WIDTH)
        self.out = nn.Linear(WIDTH * 8 * 8, 1)

    def forward(self, img, c=None):
        x = F.avg_pool2d(F.leaky_relu(self.conv1(img), 0.2), 4)
        std = x.reshape(4, -1, *x.shape[1:]).std(dim=0, unbiased=False).mean(dim=(1, 2, 3))
        plane = std.reshape(-1, 1, 1, 1).repeat(4, 1, *x.shape[2:])
        x = torch.cat([x, plane], dim=1)
        return self.out(F.leaky_relu(self.conv2(x), 0.2).reshape(x.shape[0], -1)).squeeze(1)


class Styled(VanillaGAN):
    def build_generator(self) -> nn.Module:
        return StyledGenerator()

    def build_discriminator(self) -> nn.Module:
        return StyledDiscriminator()


class LazyDiscriminator(nn.Module):
    """Layers that find their size, and one that the first pass makes; two results; a flag."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.utils.parametrizations.spectral_norm(nn.Conv2d(3, WIDTH, 4, 2, 1))
        self.features = nn.LazyLinear(WIDTH)
        self.head: Any = None

    def forward(self, x, detach=False):
        x = F.relu(self.conv(x)).view(x.size(0), -1)
        features = F.relu(self.features(x.detach() if detach else x))
        if self.head is None:
            self.head = nn.Linear(features.shape[1], 1).to(features.device)
        return self.head(features).flatten(), features


class Lazy(VanillaGAN):
    gives_features = True

    def build_discriminator(self) -> nn.Module:
        return LazyDiscriminator()


class HandWritten(nn.Module):
    """A spectral norm of one's own: its vector is a parameter, and follows in every pass."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.layer = layer
        weight = layer.weight
        del layer._parameters["weight"]
        layer.weight_bar = nn.Parameter(weight.data)
        layer.weight_u = nn.Parameter(torch.randn(weight.shape[0]), requires_grad=False)

    def forward(self, x):
        w: Any = self.layer.weight_bar
        u: Any = self.layer.weight_u
        v = F.normalize(torch.mv(w.data.t(), u.data), dim=0)
        u.data = F.normalize(torch.mv(w.data, v), dim=0)
        self.layer.weight = w / u.dot(w.mv(v))
        return self.layer.forward(x)


class SpectralDiscriminator(nn.Module):
    """Scores in a column, and no label unless the model is conditional."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = HandWritten(nn.Linear(3 * 32 * 32, WIDTH))
        self.fc2 = HandWritten(nn.Linear(WIDTH, 1))
        self.embed = nn.Embedding(10, 1)

    def forward(self, x, y=None):
        score = self.fc2(F.leaky_relu(self.fc1(x.view(-1, 3 * 32 * 32)), 0.1))
        return score if y is None else score + self.embed(y)


class Spectral(VanillaGAN):
    def build_discriminator(self) -> nn.Module:
        return SpectralDiscriminator()


STYLES: list[type[GAN]] = [Tutorial, Collection, Ported, Residual, Styled, Lazy, Spectral]
