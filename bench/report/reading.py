"""How to read figures and tables, in words: for images, and where points differ from them."""

from typing import NamedTuple


class Reading(NamedTuple):
    """What a figure shows, for those who cannot see it, and how to read it, for those who can."""

    shows: str
    reading: str


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

READING: dict[str, Reading] = {
    "samples": Reading(
        "generated images, a row a model and a column a moment of training",
        "Look down a column for the better model at that moment, along a row for how it got "
        "there. Few images of one seed: a first impression, not a measurement.",
    ),
    "quality": Reading(
        "FID on a log scale against images, generator steps and seconds",
        "FID compares the features of generated and real images as two Gaussians; 0 is equal. A "
        "critic that is trained several times a generator step uses up the images in fewer steps, "
        "so places can change with the clock: look at the panel whose cost you pay.",
    ),
    "final_quality": Reading(
        "final FID of every seed, with mean and interval, a row a model",
        "Overlapping dots are models that a lucky seed could swap. Intervals are of one model "
        "each; whether two differ is answered by the pairs below, seed against seed.",
    ),
    "coverage_of_modes": Reading(
        "modes covered and mode KL against images",
        "A number of modes that falls, or stays low, is mode collapse; mode KL also sees classes "
        "that are drawn too often. Neither says that an image looks like its class: noise has a "
        "class too. Read them beside the FID.",
    ),
    "pairs": Reading(
        "the ratio of the final FID of each pair of models, with its interval",
        "A dot left of the line says that the first of the pair has the lower FID. An interval "
        "that crosses the line is compatible with no difference; only filled dots are told apart "
        "once all pairs that were looked at are counted.",
    ),
    "losses": Reading(
        "discriminator and generator loss against images, a panel a model",
        "A logistic loss is a negative log likelihood, 0.69 where the discriminator guesses; a "
        "critic's is a difference of mean scores without zero point or unit. They cannot be "
        "compared with each other, and neither measures quality: both players move.",
    ),
    "reported_losses": Reading(
        "both losses against generator steps, with the values that a source reports",
        "A diamond within the bar of a model is what another seed of it could have given. A loss "
        "is no measure of quality: this asks whether a setup is the source's, not whether it is "
        "a good one.",
    ),
    "gradient_norms": Reading(
        "gradient norms of discriminator and generator on a log scale against images",
        "A norm that falls by orders of magnitude says that the other network leaves ever less to "
        "learn from; one that grows without end, or jumps, that the game is unstable.",
    ),
    "gradient_norms_by_layer": Reading(
        "heat maps of the discriminator's gradient norm by layer and images, a panel a model",
        "Colour from top to bottom shows what happens to a gradient on its way through the "
        "network: one colour is healthy, a steady change is vanishing or exploding.",
    ),
    "constraints": Reading(
        "slope of the critic, gradient penalty and share of weights on the clip bound against "
        "images, of the models that have them",
        "A penalised critic should have a slope near 1 between real and generated samples. A "
        "clipped one whose weights all sit on the bound has little left to express itself with.",
    ),
    "scores": Reading(
        "the discriminator's mean score on real and on generated images, a panel a model",
        "Two curves that part say that the discriminator tells real from generated with ease. For "
        "a logistic model 0 is undecided; a critic's level means nothing, only its gap.",
    ),
    **{figure: Reading(*words) for figure, words in OF_PROBES.items()},
    "modes": Reading(
        "the share of each class among the final samples, a panel a model",
        "A bar under the dotted line is a class that the model forgot: mode collapse. A "
        "conditional model is told which class to draw, so equal bars are no merit of its own.",
    ),
    "cost": Reading(
        "final FID on a log scale against seconds of training, a colour a model",
        "Low and to the left is good and cheap. A model below and to the left of another beats it "
        "on both counts, as far as the intervals let one say so.",
    ),
    "neighbours": Reading(
        "final samples, each above the three training images nearest to it, a panel a model",
        "A sample that has a twin below it may be copied. Near is what the extractor finds near, "
        "and ten samples prove nothing: the data-copying statistic, where the table above has it, "
        "looks at all of them.",
    ),
}
OF_POINTS: dict[str, Reading] = {
    "samples": Reading(
        "the density of generated points, a row a model and a column a moment of training",
        "Look down a column for the better model at that moment, along a row for how it got "
        "there. Spots that are missing are modes not reached; haze between them is points of low "
        "quality. One seed: a first impression, not a measurement.",
    ),
    "quality": Reading(
        "EMD on a log scale against points, generator steps and seconds",
        "EMD, the earth mover's distance, is how far a point has to go on average for the samples "
        "to become true ones. Two sets of true samples are not at 0 but at the dashed floor: "
        "differences near it are noise. A critic that is trained several times a generator step "
        "uses up the points in fewer steps: look at the panel whose cost you pay.",
    ),
    "final_quality": Reading(
        "final EMD of every seed, with mean and interval, a row a model",
        READING["final_quality"].reading,
    ),
    "coverage_of_modes": Reading(
        "modes covered, the share of high-quality samples and mode KL against points",
        "A sample is of high quality within three sigma of a mode. 98.9 % of true samples are, so "
        "more than that says that the modes are drawn too narrow, not that they are drawn better. "
        "One high-quality sample covers a mode; mode KL says whether all are visited equally, "
        "whatever the quality: a blob around the centre has a mode KL near 0. So look at both.",
    ),
    "modes": Reading(
        "the share of each mode among the final samples, a panel a model",
        "Each sample counts for the mode nearest to it, however far away it is: equal bars are "
        "good only with a high share of high-quality samples. A bar near 0 is a mode that the "
        "model forgot. A conditional model is told which mode to draw, so equal bars are no merit "
        "of its own.",
    ),
    "gradient_norms": Reading(
        "gradient norms of discriminator and generator on a log scale against points",
        READING["gradient_norms"].reading,
    ),
    "gradient_norms_by_layer": Reading(
        "heat maps of the discriminator's gradient norm by layer and points, a panel a model",
        READING["gradient_norms_by_layer"].reading,
    ),
    "pairs": Reading(
        "the ratio of the final EMD of each pair of models, with its interval",
        READING["pairs"].reading.replace("FID", "EMD"),
    ),
    "constraints": Reading(
        READING["constraints"].shows.replace("images", "points"),
        READING["constraints"].reading,
    ),
    "cost": Reading(
        "final EMD on a log scale against seconds of training, a colour a model",
        READING["cost"].reading,
    ),
    "losses": Reading(
        "discriminator and generator loss against points, a panel a model",
        READING["losses"].reading,
    ),
    "reported_losses": Reading(*READING["reported_losses"]),
    "scores": Reading(
        "the discriminator's mean score on real and on generated points, a panel a model",
        READING["scores"].reading,
    ),
    **{
        figure: Reading(*(text.replace("images", "points") for text in words))
        for figure, words in OF_PROBES.items()
    },
}
CAVEAT = {  # primary metric -> what its numbers cannot be compared with
    "fid": "FID under another extractor or number of samples is another quantity: these values "
    "stand beside each other, not beside published ones.",
    "emd": "EMD is in the unit of the plane and falls with the number of samples: these values "
    "stand beside each other and beside their floor, not beside those of other data sets.",
}
SECONDARY = {  # primary metric -> what a terminal shows beside it
    "fid": ("kid", "modes", "label_accuracy"),
    "emd": ("high_quality", "modes", "mode_kl"),
}
COLUMNS = {  # primary metric -> what the page's table has beside it
    "fid": (
        *("kid", "precision", "recall", "modes"),
        *("mode_kl", "label_accuracy", "memorisation"),
    ),
    "emd": ("high_quality", "modes", "mode_kl", "label_accuracy"),
}
NOTES = {  # primary metric -> what those columns say
    "fid": "FID, KID and mode KL: lower is better. Precision (samples that look real) and recall "
    "(real images that the samples reach): higher is better. IQM (interquartile mean) from 8 seeds "
    "on. † handed its labels: not comparable.",
    "emd": "EMD and mode KL: lower is better. High quality: the share of the samples within three "
    "sigma of a mode, 0.989 for true samples. Mode KL is near 0 for a blob around the centre too: "
    "look at both. IQM (interquartile mean) from 8 seeds on. † handed its labels: not comparable.",
}
COPYING = (  # what the table's column `memorisation` says, where there is one
    "§ data-copying statistic: near 0 like held-out images, strongly negative copies training "
    "images, strongly positive stays away from them."
)


def reading(figure: str, unit: str) -> Reading:
    """The words for a figure of "images" or of "points"; KeyError if it has none."""
    return OF_POINTS[figure] if unit == "points" else READING[figure]
