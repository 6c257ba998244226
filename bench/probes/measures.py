"""What the probes measure: functions from a Look to metrics, 0-dim tensors on the device."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from gan_zoo.base import GAN
from gan_zoo.descent import layer_of

from .batch import ProbeBatch

Values = dict[str, Tensor]
QUANTILES = {"q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95}
NEAR = 1e-3  # distance of two samples, below which their quotient would measure rounding
EDGE = 0.99  # of the largest weight of a layer
CROWD = 64  # samples whose pairwise distances are measured: 2,016 pairs


@dataclass(frozen=True)
class Look:
    """The current networks on the probe batch; each value is computed once, when it is first used.

    The model must be in `eval()` mode: with batch norm's running statistics, a sample's score and
    slope do not depend on the other samples.
    """

    model: GAN
    batch: ProbeBatch

    @cached_property
    def fake(self) -> Tensor:
        """G(z) of the fixed latents, [n, *shape]."""
        latent = self.model.latent_of(self.batch.normal)
        with torch.no_grad():
            samples: Tensor = self.model.generator(latent, self.batch.labels)
        return samples

    @cached_property
    def on_real(self) -> tuple[Tensor, Tensor]:
        """Scores and gradient norms of the real samples, as `scored`."""
        return self.scored(self.batch.real)

    @cached_property
    def on_fake(self) -> tuple[Tensor, Tensor]:
        """Scores and gradient norms of the fakes."""
        return self.scored(self.fake)

    @cached_property
    def on_between(self) -> tuple[Tensor, Tensor]:
        """Scores and gradient norms of the samples in between, x^ = eps x + (1 - eps) G(z)."""
        return self.scored(torch.lerp(self.fake, self.batch.real, self.batch.eps))

    def scored(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The scores [n] of samples [n, *shape], and the norms [n] of their input gradients."""
        x = x.detach().requires_grad_()
        with torch.enable_grad():
            scores = self.model.score(x, self.batch.labels)
            (gradient,) = torch.autograd.grad(scores.sum(), x)
        return scores.detach(), gradient.flatten(1).norm(dim=1)


def slopes(look: Look) -> Values:
    """The mean and maximum of |grad_x s(x)| over real, fake and interpolated samples."""
    found: Values = {}
    for name, (_, norms) in (
        ("real", look.on_real),
        ("fake", look.on_fake),
        ("between", look.on_between),
    ):
        found |= {f"slope/{name}/mean": norms.mean(), f"slope/{name}/max": norms.max()}
    return found


def lipschitz(look: Look) -> Values:
    """|s(x1) - s(x2)| / |x1 - x2| over the pairs (real, fake), (real, real'), (fake, fake').

    Its mean and maximum; pairs nearer than NEAR are left out. No values if the discriminator does
    not give each sample a score.
    """
    (real, _), (fake, _), partner = look.on_real, look.on_fake, look.batch.partner
    if len(real) != len(partner):
        return {}
    x, y = look.batch.real.flatten(1), look.fake.flatten(1)
    rises = torch.cat([real - fake, real - real[partner], fake - fake[partner]]).abs()
    runs = torch.cat([x - y, x - x[partner], y - y[partner]]).norm(dim=1)
    apart = runs > NEAR
    quotients = torch.where(apart, rises / runs.clamp(min=NEAR), 0)
    largest = torch.where(apart.any(), quotients.max(), torch.nan)
    return {"lipschitz/mean": quotients.sum() / apart.sum(), "lipschitz/max": largest}


def quantiles(look: Look) -> Values:
    """Quantiles of the scores of real and of fake samples, interpolated linearly."""
    found: Values = {}
    for name, (scores, _) in (("real", look.on_real), ("fake", look.on_fake)):
        # One at a time: a list of quantiles would first be copied to the device.
        flat = scores.float().flatten()
        found |= {f"score/{name}/{q}": torch.quantile(flat, at) for q, at in QUANTILES.items()}
    return found


def guesses(look: Look) -> Values:
    """For logits: the share of scores on the right side of 0, and D's mean output sigmoid(s)."""
    if not look.model.logits:
        return {}
    (real, _), (fake, _) = look.on_real, look.on_fake
    return {
        "accuracy/real": (real > 0).float().mean(),
        "accuracy/fake": (fake < 0).float().mean(),
        "output/real": real.sigmoid().mean(),
        "output/fake": fake.sigmoid().mean(),
    }


def overfitting(look: Look) -> Values:
    """The mean scores of held-out samples and of as many training samples of the same classes."""
    batch = look.batch
    if not len(batch.holdout):
        return {}
    with torch.no_grad():
        holdout = look.model.score(batch.holdout, batch.holdout_labels)
    return {"score/train": look.on_real[0][: batch.scored].mean(), "score/holdout": holdout.mean()}


def diversity(look: Look) -> Values:
    """The mean L2 distance between two fakes, and between two real samples."""
    return {
        "diversity/fake": mean_distance(look.fake[:CROWD]),
        "diversity/real": mean_distance(look.batch.real[:CROWD]),
    }


def mean_distance(samples: Tensor) -> Tensor:
    """The mean L2 distance over all pairs of samples [n, *shape]; exactly 0 for equal ones."""
    return torch.pdist(samples.flatten(1).float()).mean()


def edge(look: Look) -> Values:
    """The share of the discriminator's weights within 1 % of the largest |w| of their layer."""
    layers: dict[str, list[Tensor]] = {}
    for name, weight in look.model.discriminator.named_parameters():
        layers.setdefault(layer_of(name), []).append(weight.detach().abs())
    counts, total = [], 0
    for weights in layers.values():
        bound = EDGE * torch.stack([w.max() for w in weights]).max()
        counts += [(w >= bound).sum() for w in weights]
        total += sum(w.numel() for w in weights)
    return {"weights/edge": torch.stack(counts).sum() / total}
