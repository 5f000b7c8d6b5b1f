"""Checks on live torch objects."""
