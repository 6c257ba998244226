"""The topics of the lectures by name, each computed by `bench lecture NAME`.

A topic NAME is the module `bench.lectures.NAME` with a function `lesson()`. Importing this needs
neither torch nor pandas.
"""

TOPICS: dict[str, str] = {
    "information": "information, entropy and cross entropy, in bits and in nats",
    "divergences": "KL and JS, the optimum of the GAN's game, and where both stay flat",
    "transport": "the earth mover's distance by hand: piles, plan, linear programme, dual",
    "lipschitz": "Lipschitz constants, and what clipping and the penalty leave of a critic",
    "convolution": "sizes of convolutions and transposed convolutions, step by step",
    "norms": "L1 and L2: norms, losses, paths, and which of them selects features",
    "vanishing": "the generator's gradient as the discriminator becomes perfect",
    "collapse": "mode collapse in both senses of the notes, on eight Gaussians",
    "sharpness": "a VAE beside GANs: an explicit density, and whether GAN samples are sharp",
    "contradictions": "where the notes contradict each other or fail, and what decides",
}
