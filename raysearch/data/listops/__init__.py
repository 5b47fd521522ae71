"""ListOps: nested lists of digits under MAX, MIN, MED and SM, as trees or tokens; ten classes."""
