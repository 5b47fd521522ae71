"""From files to predictions: what a search does with images, without the search."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from raysearch.data.images import space
from raysearch.data.images.module import Data
from raysearch.data.images.preprocessing import load_preprocessing
from raysearch.errors import ConfigurationError
from raysearch.models.cnn.module import CNN
from raysearch.models.cnn.space import data_arguments
from raysearch.training.fit import train
from raysearch.training.job import TrainingJob
from raysearch.trial import Objective
from tests.pictures import picture, save

OBJECTIVES = {
    "kind": Objective(metric="val/accuracy", direction="maximize"),
    "brightness": Objective(metric="val/rmse", direction="minimize"),
}


def trained(path, directory, *, target, **settings):
    """Return the best value of a small network, and the path of its last checkpoint."""
    arguments = space.check_arguments({"path": path, "image": "file", "target": target})
    job = TrainingJob(
        trial="0003",
        model_class="raysearch.models.cnn.module:CNN",
        model_arguments={
            **data_arguments(space.data_spec(**arguments)),
            "stages": 1,
            "width": 8,
            "learning_rate": 0.02,
        },
        data_class="raysearch.data.images.module:Data",
        data_arguments={**arguments, "batch_size": 8, "seed": 5, **settings},
        objective=OBJECTIVES[target],
        max_epochs=12,
        seed=5,
        directory=str(directory),
    )
    reports = []
    train(job, report=lambda report: reports.append(report) or True)
    values = [report.measurement.values[OBJECTIVES[target].metric] for report in reports]
    checkpoints = [report.checkpoint for report in reports if report.checkpoint]
    return values, f"{directory}/{checkpoints[-1].path}"


def test_classes_are_learnt_and_a_checkpoint_alone_reads_files(table, tmp_path):
    settings = {"crop": 0.0, "flip": "horizontal", "mixup": 0.2, "cutout": 0.25}
    values, checkpoint = trained(table, tmp_path, target="kind", **settings)
    assert max(values) == 1.0
    preprocessing = load_preprocessing(checkpoint)
    model = CNN.load_from_checkpoint(checkpoint).eval()
    new = [save(picture("down", 900 + n), tmp_path / f"{n}.png") for n in range(4)]
    outputs = model(torch.from_numpy(preprocessing.transform(new)))
    assert preprocessing.labels(outputs) == ["down"] * 4
    torch.testing.assert_close(
        torch.from_numpy(preprocessing.probabilities(outputs)).float(), outputs.softmax(1)
    )


def test_numbers_are_learnt_in_their_own_unit(table, tmp_path):
    values, checkpoint = trained(table, tmp_path, target="brightness", crop=0.0, mixup=0.1)
    spread = space.data_spec(path=table, image="file", target="brightness").target_scale
    assert min(values) < 0.8 * spread
    preprocessing = load_preprocessing(checkpoint)
    answers = preprocessing.labels(np.array([[0.0], [1.0]]))
    assert answers[1] - answers[0] == pytest.approx(spread)
    with pytest.raises(ConfigurationError, match="brightness is a number, which has no classes"):
        preprocessing.probabilities([[0.0]])


def everything(loader):
    return torch.cat([batch[0] for batch in loader])


def test_validation_and_test_are_never_varied(folders):
    plain = Data(batch_size=8, path=folders, crop=0.0)
    varied = Data(batch_size=8, path=folders, crop=0.3, flip="both", cutout=0.5, mixup=1.0)
    for split in ("val", "test"):
        loaders = [getattr(data, f"{split}_dataloader")() for data in (plain, varied)]
        assert torch.equal(everything(loaders[0]), everything(loaders[1]))
    sums = [everything(data.train_dataloader()).sum() for data in (plain, varied)]
    assert abs(float(sums[0] - sums[1])) > 1


def test_pixels_of_training_are_those_of_the_files_when_nothing_is_varied(folders):
    data = Data(batch_size=8, path=folders, crop=0.0)
    found = sorted(map(tuple, everything(data.train_dataloader()).flatten(1).tolist()))
    rest = [everything(getattr(data, f"{split}_dataloader")()) for split in ("val", "test")]
    found += sorted(map(tuple, torch.cat(rest).flatten(1).tolist()))
    files = sorted(str(path) for path in Path(folders).rglob("*.png"))
    expected = data.preprocessing.transform(files)
    one = data.preprocessing.transform(str(files[0]))  # a path alone is a batch of one
    assert np.array_equal(one, expected[:1])
    assert sorted(found) == sorted(map(tuple, expected.reshape(len(files), -1).tolist()))


def test_standard_scaling_is_that_of_the_training_split(folders):
    data = Data(batch_size=8, path=folders, scaling="standard", crop=0.0)
    inputs = everything(data.train_dataloader())
    assert abs(float(inputs.mean())) < 1e-5
    assert abs(float(inputs.std(unbiased=False)) - 1) < 1e-4
    assert abs(float(everything(data.test_dataloader()).mean())) > 1e-5


def test_images_that_do_not_fit_are_mapped_and_the_same(folders):
    read, mapped = (Data(batch_size=8, path=folders, memory_gb=gb) for gb in (1.0, 0.0))
    assert torch.equal(everything(read.val_dataloader()), everything(mapped.val_dataloader()))
    assert read.spec == mapped.spec


def test_refitting_has_training_and_validation(folders):
    data = Data(batch_size=8, path=folders)
    assert len(everything(data.refit_dataloader())) == 32
    assert len(everything(data.test_dataloader())) == 8


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"batch_size": 0}, "data.batch_size is 0. It must be an integer of at least 1"),
        ({"flip": True}, "data.flip is True. It must be none, horizontal, vertical, both"),
        ({"crop": 0.6}, "data.crop is 0.6. It must be 0.0 to 0.5"),
        ({"cutout": "half"}, "data.cutout is 'half'. It must be 0.0 to 0.9"),
        ({"mixup": -1.0}, "data.mixup is -1.0. It must be 0.0 to 4.0"),
    ],
)
def test_parameters_out_of_range_are_refused(folders, wrong, message):
    with pytest.raises(ConfigurationError, match=message):
        Data(**{"batch_size": 8, "path": folders, **wrong})


def test_a_checkpoint_of_other_images_is_refused(folders):
    state = Data(batch_size=8, path=folders).state_dict()
    Data(batch_size=8, path=folders).load_state_dict(state)
    with pytest.raises(ConfigurationError, match="prepared in another way than now"):
        Data(batch_size=8, path=folders, size=4).load_state_dict(state)
