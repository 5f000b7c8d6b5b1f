"""A run without weights: parameters are torch's fake tensors, which have a shape, a type and a device, and no numbers.

What the program itself makes and reads (data, labels, orders of samples) stays real, so that loaders, splits and seeds
work as ever. Layers are built fake (``layers``), files of weights are not read (``weights``), and where the program
asks for a number that nobody has, it gets one that shows as ``?``, or the run ends there (``values``).
"""
