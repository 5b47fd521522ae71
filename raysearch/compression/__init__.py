"""How does a trained model become one that ships: smaller, faster, and without raysearch?

    export_winner(Results.open(run))        # winner/export/: ONNX, torch.export, weights, model card
    compress_winner(Results.open(run))      # winner/compressed/: the recipe that a search chose

Needs the packages of the extra `export`; nothing of them is loaded before it is needed.
"""
