"""Five classic GANs behind one interface.

`gan_zoo.catalog` has their names (without importing torch), `gan_zoo.base.GAN` the interface.
"""
