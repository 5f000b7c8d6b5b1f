"""`hplint run`: a script as plain Python would run it, under watch, by default as a short dry run."""
