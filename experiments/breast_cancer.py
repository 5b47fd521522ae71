"""Which layers diagnose breast cancer best? Keras Tuner's example, line by line, in PyTorch.

python experiments/breast_cancer.py
"""

from lightning.pytorch.callbacks import EarlyStopping
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn

from raysearch.tuners import Hyperband

x, y = load_breast_cancer(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, random_state=42)
scaler = StandardScaler().fit(x_train)
x_train, x_test = scaler.transform(x_train), scaler.transform(x_test)


def build_model(hp):
    """Return a network of one to three hidden layers."""
    layers, width, units = [], 30, hp.Int("units", 32, 512, step=32)
    for _ in range(hp.Int("num_layers", 1, 3)):
        layers += [nn.Linear(width, units), nn.ReLU()]
        layers += [nn.Dropout(hp.Float("dropout", 0.0, 0.5, step=0.05))]
        width = units
    return nn.Sequential(*layers, nn.Linear(width, 1))


if __name__ == "__main__":
    tuner = Hyperband(
        build_model,
        objective="val_accuracy",
        max_epochs=10,
        factor=3,
        loss="binary_cross_entropy_with_logits",
        optimizer="adam",
        metrics=["accuracy"],
    )
    stop_early = EarlyStopping(monitor="val_loss", patience=5)
    tuner.search(x_train, y_train, validation_split=0.2, callbacks=[stop_early])
    best = tuner.get_best_hyperparameters(num_trials=1)[0]
    print(
        f"units {best.get('units')}, layers {best.get('num_layers')}, dropout {best.get('dropout')}"
    )
    model = tuner.hypermodel.build(best)
    logged = tuner.hypermodel.fit(best, model, x_train, y_train, epochs=10, validation_split=0.2)
    print(logged["val_accuracy"])
