"""Tests of what hplint knows of a file before any rule runs."""
