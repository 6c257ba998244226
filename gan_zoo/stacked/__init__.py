"""Several models of one contestant, which differ in their seed alone, trained as one computation.

The models' objectives are not written again: `torch.func.vmap` runs the methods of one model on
the tensors of all. A *lane* is one model's place in the stack.
"""
