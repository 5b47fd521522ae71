"""What do the model families share?

Each module answers one question and is used by composition:

- `space`: which optimisers, schedules and losses can be searched, and what data a family takes (no
  torch)
- `arguments`: is a constructor's argument legal (no torch)
- `layers`: activations, normalisations, and how weights start
- `losses`, `optimizers`, `schedules`: what is minimised, by which steps, how fast
- `metrics`: what is measured on the validation and test splits
- `module`: the Lightning steps that use all of these, whatever is learnt
- `supervised`: the same with losses and metrics, where it is classes or numbers
- `density`: the same where it is how probable images are; `densities` has scores and a baseline,
  `noise` the noise that examples meet, `likelihoods` the probabilities of levels, `density_space`
  what data they take (no torch)
- `spatial`: which layers are for series, for images and for clips
- `sizes`: how many parameters a network has, and how wide one with as many is
- `residual`: blocks of convolutions that keep an image's size, masked ones among them
- `pictures`: many images in one
- `sequences`, `decoding`: the same where it is sequences of symbols, and how they are written
- `masking`: which steps of a padded batch there are, and pooling over those alone
- `recurrent`: recurrent layers, of series that may differ in length
"""
