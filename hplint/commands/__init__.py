"""The commands besides `check`, one module each, imported when it is called; `terminal` is what all of them share."""
