"""How does a run directory live in an object store, such as S3 or Google Cloud Storage?

Bottom up: `addresses` says what is a place there, `client` speaks to the store, `retrying` outlasts
its bad minutes, `growing` makes files that grow out of objects that do not, `storage` is the
`Storage` of `run_dir`, and `mirror` the folder on this machine for all that wants a path, with
`copies`, what is known of its files, and `evicting`, which of them go when they are too many.
"""
