"""Learning-rate schedules: how long they will run, what curve they make, and how it is drawn."""
