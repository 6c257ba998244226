"""What a loss sees of a training step, and what the step reports."""

from dataclasses import dataclass, field

from torch import Tensor

from .streams import Draws


@dataclass(frozen=True)
class Batch:
    """What a loss may use: n real and n fake samples; images lie in [-1, 1]."""

    real: Tensor  # [n, *shape]
    fake: Tensor  # [n, *shape]; has a gradient to the generator only in the generator's own step
    latent: Tensor  # [n, inputs], what `fake` was generated from (`GAN.latent_of`)
    labels: Tensor  # [n] int64, the classes of `real`, which are also asked for in `fake`
    streams: Draws
    step: int  # generator steps done before this one
    observed: dict[str, Tensor] = field(default_factory=dict)

    def observe(self, name: str, value: Tensor | float) -> None:
        """Record one number: its mean goes into the training curves.

        The mean is over the steps that gave the name, so it need not be given at every step. Of
        two values in one turn the last counts. The discriminator's turn records under the name
        itself, every other player's under PLAYER/NAME, such as generator/score/fake. A tensor
        stays on its device. Raises ValueError for more than one number.
        """
        if not isinstance(value, Tensor):
            value = self.real.new_full((), value)
        if value.numel() != 1:
            raise ValueError(f"observe takes one number; {name!r} has the shape {[*value.shape]}")
        self.observed[name] = value.detach().reshape(())


@dataclass(frozen=True)
class Played:
    """The means over the steps that one player took within a `train_step`."""

    loss: Tensor  # 0-dim
    norms: Tensor  # [layers], the gradient norms, in the order of `gan_zoo.descent.layer_names`


@dataclass(frozen=True)
class Step:
    """What one `train_step` reports, the same for every model.

    The discriminator's values are means over its steps, and an observed value is the mean over the
    steps of a turn that gave it. Losses and observed values are 0-dim, gradient norms are [layers],
    in the order of `gan_zoo.descent.layer_names`. All of them stay on the device: to read one is
    to wait for it.
    """

    discriminator_loss: Tensor | None  # None: the model has no discriminator
    generator_loss: Tensor
    discriminator_norms: Tensor | None
    generator_norms: Tensor
    observed: dict[str, Tensor]
    discriminator_steps: int  # how many there were
    further: dict[str, Played] = field(default_factory=dict)  # the other players that stepped

    @property
    def played(self) -> dict[str, Played]:
        """Every player that took a step: the discriminator, the generator, then the others."""
        found = {"generator": Played(self.generator_loss, self.generator_norms), **self.further}
        if self.discriminator_loss is None or self.discriminator_norms is None:
            return found
        return {"discriminator": Played(self.discriminator_loss, self.discriminator_norms), **found}
