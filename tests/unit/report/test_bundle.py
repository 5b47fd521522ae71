"""Does the page hold what it needs of plotly's JavaScript, and is nothing else set up?"""

from __future__ import annotations

import re

import pytest

from raysearch.report.bundle import slimmed
from raysearch.report.page import plotly_script


def listed(script):
    """Return the modules that are set up as the script is loaded."""
    return re.findall(r"\.register\(\[([^\]]*)\]\)", script)[-1].split(",")


def test_only_what_is_drawn_is_set_up():
    whole = plotly_script()
    assert len(listed(whole)) > 40
    slim = slimmed(whole, traces={"scatter", "scattergl", "bar", "heatmap", "parcoords"})
    assert len(listed(slim)) == 4  # scatter is part of the core
    assert set(listed(slim)) < set(listed(whole))
    assert len(slimmed(whole, traces={"scatter"}).split(".register([")) == len(
        whole.split(".register([")
    )


@pytest.mark.parametrize(
    "script",
    [
        "window.Plotly = {}",
        "L.register([a(),b()])",
        'a=y((e,t)=>{t.exports={moduleType:"trace",name:"pie"}});L.register([a()])',
    ],
)
def test_what_is_not_recognised_stays_whole(script):
    assert slimmed(script, traces={"bar"}) == script


def test_a_module_that_passes_another_one_on_is_followed():
    script = (
        'a=y((e,t)=>{t.exports={moduleType:"trace",name:"bar"}});b=y((e,t)=>{t.exports=a()});'
        'c=y((e,t)=>{t.exports={moduleType:"trace",name:"pie"}});L.register([c(),b()])'
    )
    assert slimmed(script, traces={"bar"}).endswith("L.register([b()])")
