"""Five classic GANs behind one interface.

`gan_zoo.base` defines the interface, `gan_zoo.catalog` lists the models by name.
"""
