"""Cylinder, bell and funnel: noisy series of 128 steps in three classes, from Saito's formula."""
