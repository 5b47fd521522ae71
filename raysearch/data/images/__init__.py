"""Images of one's own: a folder of PNG or JPEG files for each class, or a table of paths; clips."""
