"""Jupyter notebooks: their cells, what of these is Python, and how to write changed cells back."""
