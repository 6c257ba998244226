"""Claims about training (3, 5 to 8, 11, 13, 14): what is said, and the rule for it."""

from functools import partial

from . import gradients, training
from .claim import CLIPPED, FIRST, NOTES, PENALISED, VANISHING, Claim, Judge
from .deciding import Region, above, below, between
from .evidence import Study


def ends(model: str, metrics: tuple[str, ...], claimed: Region, unit: str) -> Judge:
    """Of where a curve ends."""
    return partial(training.at_the_end, model=model, metrics=metrics, claimed=claimed, unit=unit)


def edges() -> list[Claim]:
    share = "share of the critic's weights within 1 % of the largest of their layer"
    late = "mean over the last tenth of training; 0.01 would be an even spread"
    edge = ("weights/edge",)
    return [
        Claim(
            3,
            "clipping",
            "Clipping piles the critic's weights up at the bound",
            f"{NOTES}; {PENALISED}, figure 1b",
            f"{share} (where not recorded: at the clip bound), {late}: above 0.1",
            ends("wgan", (*edge, "clip/saturated"), above(0.1), "share"),
        ),
        Claim(
            3,
            "penalty",
            "The penalty does not pile the critic's weights up",
            f"{NOTES}; {PENALISED}, figure 1b",
            f"{share}, {late}: below 0.1",
            ends("wgangp", edge, below(0.1), "share"),
        ),
    ]


def slopes() -> list[Claim]:
    return [
        Claim(
            5,
            "near 1",
            "The penalty keeps the critic's slope near 1",
            f"{NOTES}; {PENALISED}, section 4",
            "mean norm of the critic's gradient between real and generated samples, mean over the "
            "last tenth of training: between 0.8 and 1.2",
            ends("wgangp", ("slope/between/mean", "slope/mean"), between(0.8, 1.2), "slope"),
        ),
        Claim(
            5,
            "at most 1",
            "Under the penalty the critic is 1-Lipschitz: no quotient of a pair is above 1",
            NOTES,
            "largest quotient |D(x1) - D(x2)| / |x1 - x2| over sampled pairs, mean over the last "
            "tenth of training: at most 1; a lower bound of the Lipschitz constant, which may "
            "contradict and never supports",
            partial(training.at_most_one, model="wgangp"),
        ),
    ]


def tracking() -> list[Claim]:
    rule = "Spearman's rho, within a trial, of minus the discriminator's loss (mean since the last "
    rule += "evaluation) and FID or EMD, over the evaluations after the untrained one: {} 0.5"
    return [
        *(
            Claim(
                6,
                model,
                f"The loss of {name} tracks the quality of the samples",
                f"{NOTES}; {CLIPPED}, section 4.2",
                rule.format("above"),
                partial(training.tracks, model=model, claimed=above(0.5)),
            )
            for model, name in {"wgan": "WGAN's critic", "wgangp": "WGAN-GP's critic"}.items()
        ),
        Claim(
            6,
            "gan",
            "The loss of the GAN's discriminator does not track the quality of the samples",
            f"{CLIPPED}, section 4.2, figure 4",
            rule.format("below"),
            partial(training.tracks, model="gan", claimed=below(0.5)),
        ),
    ]


def vanishing() -> list[Claim]:
    rule = "gradient norm of the generator's loss after the last recorded step of a fresh "
    rule += "discriminator over that after its first, geometric mean over the stages: {} 0.1"
    source = f"{VANISHING}, figure 2"
    games = {
        "saturating": ("The saturating generator gradient vanishes as D nears its optimum", below),
        "clipping": (
            "The gradient through a clipped critic does not vanish as it nears its optimum",
            above,
        ),
        "penalty": (
            "The gradient through a penalised critic does not vanish as it nears its optimum",
            above,
        ),
    }
    return [
        Claim(
            7,
            game,
            words,
            f"{NOTES}; {source}" if game == "saturating" else f"{NOTES}; {CLIPPED}, figure 2",
            rule.format("below" if side is below else "above"),
            partial(gradients.falls, game=game, claimed=side(-gradients.TEN)),
            Study,
        )
        for game, (words, side) in games.items()
    ]


def undecided() -> list[Claim]:
    return [
        Claim(
            8,
            f"{model}, {of}",
            f"The mean output of {model}'s discriminator on {words} tends to 0.5",
            f"{NOTES}; {FIRST}, proposition 1",
            f"mean sigmoid of the score of {words}, mean over the last tenth of training: between "
            "0.4 and 0.6. Real and generated apart: their mean is near 0.5 for any discriminator "
            "that is equally right on both",
            ends(model, (f"output/{of}",), between(0.4, 0.6), "output"),
        )
        for model in ("gan", "dcgan")
        for of, words in {"real": "real samples", "fake": "its own samples"}.items()
    ]


def depth() -> list[Claim]:
    rule = "gradient norm by the activations at the input side over the output side, along a "
    rule += "least-squares line through the logarithms of the layers, at the end: {} a factor of 10"
    source = f"{NOTES}; {PENALISED}, figure 1b"
    clips = [
        Claim(
            11,
            constraint,
            f"Gradient norms explode or vanish with depth under {constraint}",
            source,
            rule.format("beyond"),
            partial(gradients.with_depth, constraint=constraint, steady=False),
            Study,
        )
        for constraint in ("clip=0.1", "clip=0.01", "clip=0.001")
    ]
    steady = partial(gradients.with_depth, constraint="penalty", steady=True)
    words = "Gradient norms neither explode nor vanish with depth under the penalty"
    return [*clips, Claim(11, "penalty", words, source, rule.format("within"), steady, Study)]


def explosions() -> list[Claim]:
    rule = "gap between the critic's mean scores of real and of generated samples, last tenth of "
    rule += "training over the tenth before the middle: above 10 (linear growth gives 2, cubic 8); "
    rule += f"a diverged trial counts as {training.DECADES:g} decades"
    freed: dict[str, tuple[str, dict[str, object]]] = {
        "clip = inf": ("wgan", {"clip": float("inf")}),
        "penalty = 0": ("wgangp", {"penalty": 0}),
    }
    return [
        Claim(
            13,
            name,
            f"An unconstrained Wasserstein critic explodes ({model} with {name})",
            NOTES,
            rule,
            partial(training.explodes, model=model, freed=values),
        )
        for name, (model, values) in freed.items()
    ]


def oscillations() -> list[Claim]:
    scales = {
        "size": "over the mean size of the loss there",
        "range": "over the range of the loss through the whole training (a second scale, added "
        "after the first had been seen: a discriminator's loss settles near log 2 and a critic's "
        "near 0, so that their sizes do not compare)",
    }
    return [
        Claim(
            14,
            f"{model}, by {scale}",
            f"The GAN's D loss oscillates more than that of {name}'s critic, by its {scale}",
            NOTES,
            f"mean change from row to row of the curve, second half of training, {words}; gan / "
            f"{model} of the same seed: above 1. Rows are means over equal numbers of images; the "
            "generator's losses are left out, since a critic's has no zero point",
            partial(training.oscillates_more, model=model, ranged=scale == "range"),
        )
        for model, name in {"wgan": "WGAN", "wgangp": "WGAN-GP"}.items()
        for scale, words in scales.items()
    ]
