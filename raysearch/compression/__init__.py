"""How does a trained model become one that ships: smaller, faster, and without raysearch?

`exporting` writes a folder that works alone: ONNX, `torch.export`, plain weights, a model card.
`compressing` searches for a recipe that makes the winner smaller (`searching`, by the spaces of
`recipe`), and applies it (`applying`). Both need the packages of the extra `export`, and load them
when they are first used.
"""
