"""Claims about the samples (1, 2, 4, 9, 10, 12, 15, 16): what is said, and the rule for it."""

from functools import partial

from . import quality, tuning
from .claim import CLIPPED, DEEP, EQUAL, NOTES, PENALISED, TOLD, Claim
from .deciding import above, below

LOWER = "the ratio of the final {} of the same seed, on the log scale: {} 1"


def modes() -> list[Claim]:
    names = {"wgan": "The clipped WGAN", "wgangp": "WGAN-GP"}
    times = {False: "at the end", True: "through training"}
    counted = {False: "at the last evaluation", True: "mean over all evaluations after the first"}
    return [
        Claim(
            1,
            f"{model}, {when}",
            f"{names[model]} covers more modes than the GAN, {when}",
            f"{NOTES}; {CLIPPED}, section 4.3; {PENALISED}, figure 2",
            f"modes of {model} less modes of gan, {counted[through]}, same seed: above 0.5",
            partial(quality.covers, model=model, through=through),
        )
        for model in ("wgangp", "wgan")
        for through, when in times.items()
    ]


def labels() -> list[Claim]:
    source = f"{NOTES}; {TOLD}"
    words = {0.5: "more often than not", 0.9: "nine times of ten"}
    return [
        Claim(
            9,
            text,
            f"CGAN's samples carry their label, {text}",
            source,
            f"share of the final samples in the class asked for: above {least:g} (a lost trial: 0)",
            partial(quality.carries_label, least=least),
        )
        for least, text in words.items()
    ]


def memorised() -> list[Claim]:
    return [
        Claim(
            10,
            model,
            f"The samples of {model} are not memorised training images",
            NOTES,
            "data-copying statistic C_T of the final samples: above -0.95, three of the standard "
            "deviations that it has without copying (Meehan et al. 2020)",
            partial(quality.not_copied, model=model),
        )
        for model in ("gan", "cgan", "dcgan", "wgan", "wgangp")
    ]


def steps() -> list[Claim]:
    found = []
    for clock in ("images", "seconds"):
        for steps in (1, 2):
            pair = quality.varied("wgangp", discriminator_steps=steps)
            judge = (
                partial(quality.worse, pair=pair, claimed=above(0.0))
                if clock == "images"
                else partial(quality.at_equal_seconds, steps=steps, claimed=above(0.0))
            )
            rule = LOWER.format("FID or EMD", f"{steps} critic step{'s' * (steps > 1)} / 5: above")
            if clock == "seconds":
                rule += ", when the first of the two has ended, interpolated in its own seconds"
            words = f"WGAN-GP's critic needs its five steps: {steps} is worse, at equal {clock}"
            source = f"{NOTES}; {CLIPPED}, section 3"
            found.append(Claim(15, f"{steps} or 5, {clock}", words, source, rule, judge))
    return found


def rankings() -> list[Claim]:
    tau = "Kendall's tau, within a seed, of the ranking by FID or EMD with {} and that at the "
    tau += (
        "usual rates{}: above 0.8 (two neighbours that swap leave 0.8 of five models, 0.67 of four)"
    )
    source = f"the project's own question; {EQUAL}"
    every = tau.format("all learning rates times 1/4, 1/2, 2 or 4", ", mean over these")
    best = tau.format("each model at its best rate, chosen on the other seeds,", "")
    parts = {
        "other rates": (every, partial(tuning.same_ranking, tuned=False, claimed=above(0.8))),
        "best rates": (best, partial(tuning.same_ranking, tuned=True, claimed=above(0.8))),
        "winner": (
            "share of the other learning rates at which another model is best than at the usual "
            "ones, within a seed: below 0.2",
            partial(tuning.same_winner, claimed=below(0.2)),
        ),
    }
    words = {
        "other rates": "The ranking survives another learning rate for all",
        "best rates": "The ranking survives tuning each model's learning rate",
        "winner": "The winner stays the same at other learning rates",
    }
    return [Claim(16, part, words[part], source, *how) for part, how in parts.items()]


BEATS = Claim(
    2,
    "",
    "DCGAN beats the MLP GAN at equal images",
    f"{NOTES}; {DEEP}",
    LOWER.format("FID", "dcgan / gan: below"),
    partial(quality.worse, pair=quality.usual("dcgan", "gan"), claimed=below(0.0), images=True),
)
SLOWS = Claim(
    4,
    "",
    "Clipping slows training: worse than the penalty at equal images",
    f"{NOTES}; {PENALISED}, section 5",
    LOWER.format("FID or EMD", "wgan / wgangp: above") + "; each with the optimizer of its paper",
    partial(quality.worse, pair=quality.usual("wgan", "wgangp"), claimed=above(0.0)),
)
NORM = Claim(
    12,
    "",
    "Batch norm does harm in the WGAN-GP critic",
    f"{NOTES}; {PENALISED}, section 4",
    LOWER.format("FID or EMD", "with batch norm / without: above")
    + "; two of the notes have it there, one forbids it",
    partial(
        quality.worse,
        pair=quality.varied("wgangp", discriminator_norm="batch"),
        claimed=above(0.0),
    ),
)
