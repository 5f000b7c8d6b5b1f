"""hplint over published training libraries: what a change of hplint changes there, and how often its findings are true.

A maintainers' tool: ``python -m ecosystem`` in a checkout. It is not part of what is installed.
"""
