"""How to read the figures of the probes: what each shows, and what that says. Of images."""

OF_PROBES: dict[str, tuple[str, str]] = {
    "slopes": (
        "mean slope of the discriminator on real, generated and interpolated images on a log scale "
        "against images, with the largest quotient of pairs, a panel a model",
        "The slope is what a generator learns from. A penalised critic stays near 1, a clipped one "
        "far from it, at a level that its bound and depth decide; a free discriminator may become "
        "steep without end. A slope that falls towards 0 on generated images alone is a gradient "
        "that vanishes.",
    ),
    "score_bands": (
        "quantiles of the discriminator's scores on real and on generated images as bands, a panel "
        "a model",
        "Bands that overlap are images that the discriminator cannot tell apart; bands that lie "
        "apart say that it nearly always can. Wide bands of real images are a discriminator that "
        "is unsure of some.",
    ),
    "guesses": (
        "accuracy and mean output of the logistic discriminators on real and on generated images",
        "At the game's equilibrium the output is 0.5 everywhere. Output 1 on real and 0 on "
        "generated images is a discriminator that has won, and in the saturating game one that "
        "teaches nothing any more. With batch norm these are outputs under running statistics, "
        "which may be biased to one side.",
    ),
    "overfitting": (
        "the discriminator's mean score on training, held-out and generated images, a panel a "
        "model",
        "Training and held-out images should score alike: nobody trains on the second. Where the "
        "held-out line sinks towards the generated one, the discriminator knows its training "
        "images by heart, and what it then teaches is to copy them.",
    ),
    "updates": (
        "update-to-weight ratio of discriminator and generator on a log scale against images",
        "How much of itself a network changes in one step. Around 0.001 is usual; a hundred times "
        "less hardly learns, a hundred times more forgets. The two networks need not agree.",
    ),
    "weights": (
        "heat maps of the discriminator's weights by value and images, a panel a model",
        "A clipped critic has bright lines at both edges: weights that would go further and may "
        "not. Others thin out towards the edges.",
    ),
    "diversity": (
        "the distance between two generated images as a share of that between two real ones, "
        "against images",
        "A fall towards 0 is a generator whose images become one and the same: collapse. Images "
        "that vary as much as real ones may still look like nothing, and a generator that knows "
        "few modes far apart is not seen here: read it beside the modes.",
    ),
}
