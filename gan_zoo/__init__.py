"""Five classic GANs behind one interface, and a VAE to compare them with.

`gan_zoo.base` defines the interface, `gan_zoo.catalog` lists the models by name.
"""
