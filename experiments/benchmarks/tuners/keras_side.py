"""Which layers diagnose breast cancer best? With Keras Tuner.

KERAS_BACKEND=torch python experiments/benchmarks/tuners/keras_side.py
"""

import keras
import keras_tuner
from keras import layers
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

x, y = load_breast_cancer(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, random_state=42)
scaler = StandardScaler().fit(x_train)
x_train, x_test = scaler.transform(x_train), scaler.transform(x_test)


def build_model(hp):
    """Return a network of one to three hidden layers."""
    model = keras.Sequential()
    units = hp.Int("units", 32, 512, step=32)
    for _ in range(hp.Int("num_layers", 1, 3)):
        model.add(layers.Dense(units, activation="relu"))
        model.add(layers.Dropout(hp.Float("dropout", 0.0, 0.5, step=0.05)))
    model.add(layers.Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


if __name__ == "__main__":
    tuner = keras_tuner.Hyperband(
        build_model,
        objective="val_accuracy",
        max_epochs=10,
        factor=3,
        directory="keras_tuner_runs",
        project_name="breast_cancer",
    )
    stop_early = keras.callbacks.EarlyStopping(monitor="val_loss", patience=5)
    tuner.search(x_train, y_train, epochs=10, validation_split=0.2, callbacks=[stop_early])
    best = tuner.get_best_hyperparameters(num_trials=1)[0]
    print(
        f"units {best.get('units')}, layers {best.get('num_layers')}, dropout {best.get('dropout')}"
    )
    model = tuner.hypermodel.build(best)
    history = model.fit(x_train, y_train, epochs=10, validation_split=0.2)
    print(history.history["val_accuracy"][-1])
