"""Plants mistakes in clean training scripts and counts how many hplint finds.

The idea is DeepCrime's (Humbatova et al., ISSTA 2021): a mutator for each real kind of fault. The mutators read
and edit scripts with Python's own :mod:`ast`; they share no code with hplint's rules and facts.
"""
